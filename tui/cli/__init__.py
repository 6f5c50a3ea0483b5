"""The command line: one file a command, imported when it is asked for."""

COMMANDS = {
    "open": "Walk a runbook on the screen (what `gonogo RUNBOOK` does).",
    "show": "Print what a runbook holds: sections, steps, commands, counts.",
    "lint": "Say everything that is wrong with a runbook.",
    "check": "Probe what a machine can decide, and give the verdict.",
    "plan": "Say what would run, what was looked at, what nobody can tell.",
    "status": "Say where a run stands, in plain lines.",
    "decide": "Answer a step of a run, without a screen.",
    "runs": "List the runs on this machine.",
    "verify": "Say whether a run's journal is as it was written.",
    "trust": "Trust a runbook's commands, probes and hosts.",
    "probes": "List the probes, or try one.",
    "rehearse": "Practise on a deployment that is made up and thrown away.",
    "act": "List the actions, or perform one: restart, roll back, scale.",
    "reset-terminal": "Make the terminal usable again after a screen was killed.",
    "target": "Make the profile of a deployment, or try one.",
}
"""Name to its line in the help."""
