"""Templates and zips for who does not run CDK. Order of imports: assembly, template, package, folder."""
