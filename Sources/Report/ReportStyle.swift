/// The style sheet of the report: light and dark, one column on a phone.
enum ReportStyle {
    static let css = """
        :root { color-scheme: light dark; --page: #f7f7f5; --card: #ffffff; --ink: #16181d; --soft: #5c6370;
          --edge: #e0e1e4; --grid: #e8e9eb; --axis: #9aa0aa; --good: #1a7f4b; --bad: #b3362b;
          --c1: #2667c9; --c2: #d4611b; --c3: #15876a; --c4: #8a4fbf; --c5: #8a7400; }
        @media (prefers-color-scheme: dark) { :root { --page: #14161a; --card: #1d2026; --ink: #eceef2; --soft: #a3abb8;
          --edge: #30343c; --grid: #2b2f37; --axis: #6c7480; --good: #5fc992; --bad: #f0857a;
          --c1: #6ea4f5; --c2: #f0924f; --c3: #4fc4a2; --c4: #bd92ea; --c5: #cbb544; } }
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--page); color: var(--ink);
          font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
        main { max-width: 1200px; margin: 0 auto; padding: 28px 20px 60px; }
        h1 { font-size: 26px; line-height: 1.2; margin: 0 0 4px; letter-spacing: -0.01em; }
        h2 { font-size: 18px; margin: 36px 0 12px; }
        h3 { font-size: 15px; margin: 0 0 4px; }
        p { margin: 0; } .soft, .note, .legend { color: var(--soft); } .note { font-size: 12.5px; margin-top: 6px; }
        .tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(168px, 1fr)); gap: 12px;
        margin-top: 20px; }
        .tile, figure, .card, .crystal { background: var(--card); border: 1px solid var(--edge); border-radius: 10px; }
        .tile { padding: 12px 14px; }
        .tile b { display: block; font-size: 18px; line-height: 1.4; font-weight: 650; white-space: nowrap; }
        .tile span { font-size: 13px; color: var(--soft); display: block; } .good { color: var(--good); }
        .bad { color: var(--bad); }
        .plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 460px), 1fr)); gap: 14px; }
        figure { margin: 0; padding: 14px 16px 12px; min-width: 0; }
        figure svg { display: block; width: 100%; height: auto; }
        .legend { font-size: 13px; display: flex; flex-wrap: wrap; gap: 2px 16px; }
        .swatch { display: inline-block; width: 14px; height: 4px; border-radius: 2px; margin-right: 6px;
        vertical-align: 3px;
          background: var(--c1); }
        .swatch.c2 { background: var(--c2); } .swatch.c3 { background: var(--c3); }
        .swatch.c4 { background: var(--c4); } .swatch.c5 { background: var(--c5); }
        svg text { font-size: 12.5px; fill: var(--soft); font-variant-numeric: tabular-nums; }
        svg .tick { fill: var(--soft); }
        svg .c1 { --mark: var(--c1); } svg .c2 { --mark: var(--c2); } svg .c3 { --mark: var(--c3); }
        svg .c4 { --mark: var(--c4); } svg .c5 { --mark: var(--c5); }
        .grid { stroke: var(--grid); } .axis { stroke: var(--axis); }
        .rule { stroke: var(--soft); stroke-dasharray: 5 4; }
        .line { fill: none; stroke: var(--mark); stroke-width: 2; stroke-linejoin: round; }
        .dot { fill: var(--mark); stroke: var(--card); stroke-width: 1; }
        .mark { fill: var(--mark); fill-opacity: 0.5; }
        .whisker { stroke: var(--mark); stroke-opacity: 0.55; stroke-width: 1.5; }
        .band { fill: var(--mark); fill-opacity: 0.2; } .hidden { fill: transparent; }
        .steps { fill: var(--mark); fill-opacity: 0.22; stroke: var(--mark); stroke-width: 1.6;
        stroke-linejoin: round; }
        .column { fill: var(--mark); fill-opacity: 0.65; } .column + .whisker { stroke-opacity: 1; }
        .element { fill: var(--grid); } .element-share { fill: var(--c1); }
        svg .element-name { font-size: 11.5px; } svg .none { opacity: 0.55; } svg .some { fill: var(--ink); }
        svg .on { fill: var(--card); }
        .card { padding: 6px 16px 8px; overflow-x: auto; }
        table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
        th, td { text-align: right; padding: 6px 10px; border-bottom: 1px solid var(--edge); white-space: nowrap; }
        th:first-child, td:first-child { text-align: left; padding-left: 0; } tr:last-child td { border-bottom: 0; }
        th { color: var(--soft); font-weight: 500; font-size: 13px; }
        .pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 460px), 1fr)); gap: 14px;
        align-items: start; }
        .bar { display: inline-block; height: 9px; border-radius: 2px; background: var(--c1); vertical-align: 0;
        min-width: 1px; }
        .bar.invalid { background: var(--c2); } .bar.failed { background: var(--c5); }
        td.barcell { width: 45%; text-align: left; }
        .crystals { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 270px), 1fr));
        gap: 12px; align-items: start; }
        .crystal { padding: 12px 14px; min-width: 0; }
        .crystal h3 { font-size: 18px; display: flex; justify-content: space-between; gap: 8px; }
        .crystal h3 small { color: var(--soft); font-weight: 400; font-size: 13px; }
        dl { display: grid; grid-template-columns: auto auto; gap: 1px 10px; margin: 6px 0 8px; font-size: 13.5px; }
        dt { color: var(--soft); } dd { margin: 0; text-align: right; font-variant-numeric: tabular-nums; }
        summary { cursor: pointer; font-size: 13.5px; color: var(--c1); } a { color: var(--c1); }
        .crystal .links { display: flex; justify-content: space-between; font-size: 13.5px; }
        pre { font: 12px/1.45 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; overflow: auto;
        max-height: 420px;
          background: var(--page); border-radius: 6px; padding: 10px; margin: 8px 0 4px; }
        footer { margin-top: 36px; color: var(--soft); font-size: 13px; }
        sub { font-size: 0.7em; line-height: 0; }
        @media (max-width: 600px) { main { padding: 18px 12px 40px; } h1 { font-size: 22px; }
        .tiles { grid-template-columns: 1fr 1fr; }
          .tile b { font-size: 17px; } figure { padding: 12px 10px; } svg text { font-size: 16px; }
          svg .element-name { font-size: 13px; }
          th, td { padding: 6px 7px; } }
        @media print { body { background: none; } .plots, .crystals { break-inside: avoid; } }
        """
}
