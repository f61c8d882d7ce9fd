"""The report's style sheet: system fonts, light and dark, printable."""

STYLE = """
:root { color-scheme: light dark; --ink: #1b2733; --soft: #5b6b7b; --line: #dde4ea; --page: #f6f8fa; --card: #fff;
  --s0: #1769aa; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --soft: #9aa8b5; --line: #30393f; --page: #12171b;
  --card: #1a2126; --s0: #62b0ee; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, "Segoe UI", sans-serif; }
main { max-width: 1180px; margin: 0 auto; padding: 28px 24px 60px; }
h1 { font-size: 26px; margin: 0; overflow-wrap: anywhere; } h2 { font-size: 18px; margin: 0 0 10px; }
.lead { color: var(--soft); margin: 4px 0 18px; }
section { background: var(--card); border: 1px solid var(--line); border-radius: 10px;
  padding: 18px 20px; margin-top: 18px;
  overflow-x: auto; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(200px, 1fr)); gap: 14px; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 14px 18px; }
.card b { display: block; font-size: 28px; line-height: 1.2; } .card span { display: block; font-weight: 600; }
.card i { color: var(--soft); font-style: normal; font-size: 13px; }
.row { display: flex; flex-wrap: wrap; gap: 22px; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 14px; }
th { text-align: left; color: var(--soft); font-weight: 600; font-size: 13px; }
th, td { padding: 5px 12px 5px 0; border-bottom: 1px solid var(--line); white-space: nowrap; }
.text td { white-space: normal; overflow-wrap: anywhere; }
.text td:first-child { white-space: nowrap; color: var(--soft); }
.total td { font-weight: 600; }
.note { color: var(--soft); font-size: 13px; margin: 10px 0 0; }
svg { max-width: 100%; height: auto; } svg text { font-family: system-ui, "Segoe UI", sans-serif !important; }
figure { margin: 0; width: 320px; }
figure img { width: 100%; border-radius: 6px; background: #000; }
figcaption { color: var(--soft); font-size: 13px; } figcaption b { color: var(--ink); }
.swatch { display: inline-block; width: 16px; height: 4px; vertical-align: middle;
  margin: 0 4px 0 12px; border-radius: 2px; }
.swatch.reference { background: rgb(0, 200, 255); } .swatch.prediction { background: rgb(255, 140, 0); }
.swatch.both { background: rgb(140, 255, 90); }
@media print { body { background: #fff; } section { break-inside: avoid; } }
"""
