"""How a report looks."""

from typing import Final

STYLE: Final = """
:root { --paper:#fbfaf8; --card:#fff; --ink:#1d1f24; --faint:#666b75; --rule:#e4e2dd; --accent:#0b6e69;
  --model-0:#7a7f8a; --model-1:#0b7f79; --model-2:#d2691e; --model-3:#4457c9; --model-4:#b5336f;
  --model-5:#8a6d00; --model-6:#2f8a3a; --model-7:#7b4bb3; }
@media (prefers-color-scheme: dark) { :root { --paper:#15171b; --card:#1d2026; --ink:#e9e8e4; --faint:#a0a5b0;
  --rule:#343841; --accent:#5cc9c2; --model-0:#a3a8b3; --model-1:#45c4bb; --model-2:#f0914a; --model-3:#8b9bff;
  --model-4:#ee7fb0; --model-5:#d9b72e; --model-6:#6ccf78; --model-7:#bd95f0; } }
* { box-sizing:border-box; }
body { margin:0; background:var(--paper); color:var(--ink);
  font:16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
main { max-width:1120px; margin:0 auto; padding:2.5rem 1.25rem 4rem; }
h1 { font-size:1.9rem; line-height:1.2; margin:0 0 .4rem; letter-spacing:-.01em; }
h2 { font-size:1.2rem; margin:2.6rem 0 .2rem; }
p { margin:.2rem 0 1rem; max-width:46rem; } .about, section > p, footer { color:var(--faint); }
.verdict { font-size:1.12rem; border-left:3px solid var(--accent); padding-left:.9rem; margin-top:1.1rem; }
.cards { display:grid; gap:1rem; grid-template-columns:repeat(auto-fit, minmax(min(100%, 330px), 1fr)); }
.cards.two { grid-template-columns:repeat(auto-fit, minmax(min(100%, 430px), 1fr)); }
figure { margin:0; padding:1rem 1.1rem .7rem; background:var(--card); border:1px solid var(--rule);
  border-radius:10px; display:flex; flex-direction:column; justify-content:space-between; }
figcaption { font-size:.86rem; line-height:1.4; color:var(--faint); margin-bottom:.6rem; }
figcaption b { display:block; font-size:1rem; color:var(--ink); }
svg { width:100%; height:auto; display:block; } svg text { font-family:inherit !important; }
.wide { overflow-x:auto; margin-top:1.1rem; border:1px solid var(--rule); border-radius:10px;
  background:var(--card); }
table { border-collapse:collapse; font-size:.88rem; font-variant-numeric:tabular-nums; width:100%; }
th, td { padding:.5rem .8rem; text-align:right; white-space:nowrap; border-bottom:1px solid var(--rule); }
tbody tr:last-child > * { border-bottom:0; } thead th { color:var(--faint); font-weight:600; }
th[scope=row] { text-align:left; font-weight:500; }
td small { display:block; color:var(--faint); font-size:.76rem; }
.wide th[scope=row] { position:sticky; left:0; background:var(--card); }
thead th:first-child { width:1%; }
th i { display:inline-block; width:.65rem; height:.65rem; border-radius:50%; margin-right:.5rem; }
footer { margin-top:3rem; font-size:.85rem; border-top:1px solid var(--rule); padding-top:1rem; }
@media print { figure, tr { break-inside:avoid; } }
"""
