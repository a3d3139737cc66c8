"""The sweep: existing findings, read by pages and decided on, so that what is in git is in force on them too.

A sweep is a `SweepRequest` (what to read) and a `Progress` (how far it is). `Walk` takes one step of it: it
reads pages, decides each finding with the deployed rules, and hands on those that need something, findings
with the same update together. On AWS a state machine takes the steps and the triage queue gets the findings;
`hubtriage sweep --local` takes the same steps in its own process.
"""
