"""`python -m hubtriage`: the command line where no script is installed."""

from hubtriage.cli.start import main

if __name__ == "__main__":
    main()
