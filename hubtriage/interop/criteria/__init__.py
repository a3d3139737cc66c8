"""AWS's filters as data: the step between other tools' rules and ours."""
