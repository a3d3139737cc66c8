"""What `--help` and common errors say, as files that `make cli-docs` writes: a review shows a change."""

from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path
from tempfile import TemporaryDirectory

from click.testing import CliRunner

from hubtriage.cli.main import cli
from hubtriage.cli.reference import help_texts
from tests.support.paths import TESTS

FOLDER = TESTS / "golden" / "cli"
WIDTH = 80
RULE = "rules:\n  - id: a\n    match: {Title: [{prefx: x}]}\n    update: {Confidence: 500}\n"
MISTAKES = (
    "",
    "lnt",
    "frobnicate",
    "--bogus",
    "lint --bogus",
    "lint nowhere",
    "lint",
    "lint -q",
    "lint --format pdf",
    "lint --now tomorrow",
    "test -k nothing good",
    "test nowhere",
    "plan",
    "plan nowhere.json --rules good",
    "plan good.json --rules nowhere",
    "plan good.json --rules rules",
    "plan good.json --rules good.json",
    "plan bad.json --rules good",
    "explain good.json --rules good --id y",
    "backtest --rules good",
    "diff good",
    "build -o good.json/x good",
    "build -o good good",
    "import findings-manager-1 nowhere.yaml",
    "export",
    "mode on",
    "sweep --filter x",
    "completion tcsh",
)


def help_files() -> dict[str, str]:
    """Return the text of each command's help by the name of its file."""
    return {f"help/{name.replace(' ', '-')}.txt": f"{text}\n" for name, text in help_texts(WIDTH).items()}


def errors_file() -> str:
    """Return what each mistake prints on standard error, and its exit code."""
    runner = CliRunner()
    with TemporaryDirectory() as folder, chdir(folder):
        for name, text in {
            "rules/a.yaml": RULE,
            "good/a.yaml": RULE.replace("prefx", "prefix").replace("500", "50"),
            "good.json": '{"Id": "x", "ProductArn": "arn", "Title": "t"}\n',
            "bad.json": "no JSON\n",
        }.items():
            Path(name).parent.mkdir(exist_ok=True)
            Path(name).write_text(text)
        return "\n".join(line for mistake in MISTAKES for line in _said(runner, mistake))


def _said(runner: CliRunner, arguments: str) -> Iterator[str]:
    result = runner.invoke(cli, arguments.split(), prog_name="hubtriage")
    output = result.output if arguments else result.output.partition("\n")[0] + "\n...\n"
    yield f"$ {' '.join(['hubtriage', arguments]).rstrip()}"
    yield f"{output}exit code {result.exit_code}\n"


def files() -> dict[Path, str]:
    """Return all golden files with what they are to hold."""
    return {FOLDER / name: text for name, text in (help_files() | {"errors.txt": errors_file()}).items()}


def main() -> None:
    """Write the files, and remove those of commands that are gone."""
    wanted = files()
    for path in FOLDER.rglob("*.txt"):
        if path not in wanted:
            path.unlink()
    for path, text in wanted.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
