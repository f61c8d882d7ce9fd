"""The app's frame: its server, the shell around every page, and what pages share.

Start at `shell.run` (opens the registry and lists the pages of the workspaces) and `page` (what a page is). Public:
`shell`, `server`, `page`, `theme`, `committer`, `colours`, `chart_labels`, `decisions`, `withdrawal`, `work_panel` (in
the side bar), `work_progress` (on pages).
"""
