// SPDX-License-Identifier: Apache-2.0
// What the scripts of all pages share: the data, numbers for people, colours, charts that follow
// the width, the colour scheme and the printer, and tables that can be sorted.
const page = (() => {
  "use strict";
  const data = JSON.parse(document.getElementById("data").textContent);

  // ---- numbers, as the terminal shows them (sim/report/human.hpp)

  const prefixes = [[1e15, "P"], [1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"]];
  const small = [[1, ""], [1e-3, "m"], [1e-6, "u"], [1e-9, "n"], [1e-12, "p"]];

  /** All digits in groups of three. */
  const grouped = (value) => String(value).replace(/\B(?=(\d{3})+(?!\d))/g, " ");
  const digits = (value) => String(Number(value.toPrecision(3)));

  /** Three significant digits with a decimal prefix: 3.86 GMAC, 1.76 ms; without zeros at the end. */
  const rounded = (value, unit = "") => scaled(value, unit, digits);
  /** The same with them, for columns. */
  const three = (value, unit = "") => scaled(value, unit, (v) => Math.abs(v) >= 1000 ? String(Math.round(v)) : v.toPrecision(3));

  function scaled(value, unit, digits) {
    if (value === null || !Number.isFinite(value)) return "–";
    const size = Math.abs(value);
    if (size === 0) return `0 ${unit}`.trim();
    for (const [factor, prefix] of prefixes)
      if (size >= factor * 0.9995) return `${digits(value / factor)} ${prefix}${unit}`;
    if (size < 1 && (unit === "s" || unit === "J"))
      for (const [factor, prefix] of small)
        if (size >= factor * 0.9995) return `${digits(value / factor)} ${prefix}${unit}`;
    return `${digits(value)} ${unit}`.trim();
  }
  const percent = (ratio) => `${digits(100 * ratio)} %`;
  const escaped = (text) =>
    String(text).replace(/[&<>"]/g, (c) => ({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\"": "&quot;"})[c]);

  // ---- colours, from the style sheet, so that both schemes and the printer have their own

  function theme() {
    const style = getComputedStyle(document.documentElement);
    const of = (name) => style.getPropertyValue(`--${name}`).trim();
    return {
      back: of("back"), card: of("card"), text: of("text"), soft: of("soft"), rule: of("rule"),
      mark: of("mark"), series: [0, 1, 2, 3, 4, 5, 6, 7].map((i) => of(`s${i}`)),
    };
  }

  /** Patterns, so that series are told apart without their colours. */
  const decals = [
    {color: "rgba(0,0,0,0)"},
    {dashArrayX: [1, 0], dashArrayY: [2, 5], rotation: Math.PI / 4},
    {symbol: "circle", dashArrayX: [[6, 6], [0, 6, 6, 0]], dashArrayY: [6, 0], symbolSize: 0.6},
    {dashArrayX: [1, 0], dashArrayY: [2, 5], rotation: -Math.PI / 4},
    {dashArrayX: [1, 0], dashArrayY: [3, 4]},
    {dashArrayX: [[5, 5], [0, 5, 5, 0]], dashArrayY: [5, 0]},
    {dashArrayX: [1, 0], dashArrayY: [2, 4], rotation: Math.PI / 2},
    {symbol: "triangle", dashArrayX: [[7, 7], [0, 7, 7, 0]], dashArrayY: [7, 0], symbolSize: 0.7},
  ].map((decal) => ({color: "rgba(0,0,0,0.32)", ...decal}));

  // ---- charts

  const charts = {};  // by id: {echarts, make}
  const narrow = () => document.documentElement.clientWidth < 600;

  /** What all charts have in common, below what is theirs. */
  function with_defaults(option, colours) {
    const axis = {
      axisLine: {lineStyle: {color: colours.soft}}, axisLabel: {color: colours.soft, hideOverlap: true},
      splitLine: {lineStyle: {color: colours.rule}}, nameTextStyle: {color: colours.soft},
    };
    const styled = (axes) => [].concat(axes ?? []).map((one) => ({
      ...axis, ...one, axisLabel: {...axis.axisLabel, ...one.axisLabel},
      splitLine: {...axis.splitLine, ...one.splitLine},
    }));
    const result = {
      animation: false, color: colours.series, backgroundColor: "transparent",
      textStyle: {color: colours.text, fontFamily: "system-ui, 'DejaVu Sans', sans-serif"},
      ...option,
    };
    if (option.xAxis) result.xAxis = styled(option.xAxis);
    if (option.yAxis) result.yAxis = styled(option.yAxis);
    if (option.tooltip)
      result.tooltip = {
        confine: true, backgroundColor: colours.card, borderColor: colours.rule,
        textStyle: {color: colours.text, fontSize: 12},
        extraCssText: "max-width:min(420px,90vw);white-space:normal", ...option.tooltip,
      };
    if (option.legend)
      result.legend = {
        type: "scroll", top: 0, left: 0, textStyle: {color: colours.text},
        pageTextStyle: {color: colours.soft}, pageIconColor: colours.text, ...option.legend,
      };
    return result;
  }

  function draw(id) {
    const chart = charts[id];
    const colours = theme();
    if (!chart.echarts) {
      chart.echarts = echarts.init(chart.place, null, {renderer: chart.renderer});
      if (chart.group) {
        chart.echarts.group = chart.group;
        echarts.connect(chart.group);
      }
      chart.ready?.(chart.echarts);
    } else {
      chart.echarts.resize();
    }
    chart.echarts.setOption(with_defaults(chart.make(colours, narrow()), colours), true);
    chart.drawn?.(chart.echarts);
  }

  /**
   * A chart in the element `id`. `make(colours, narrow)` gives its option, anew whenever the colour
   * scheme changes; `ready(chart)` says once what is to happen on clicks, `drawn(chart)` what after
   * each drawing. Charts of one `group` zoom together. No such element: no chart.
   */
  function chart(id, make, {ready, drawn, group, renderer = "svg"} = {}) {
    const place = document.getElementById(id);
    if (!place) return;
    place.textContent = "";
    charts[id] = {place, make, ready, drawn, group, renderer};
    draw(id);
  }
  const redraw = () => Object.keys(charts).forEach(draw);

  let was_narrow = narrow();
  new ResizeObserver(() => {
    if (narrow() !== was_narrow) {
      was_narrow = narrow();
      redraw();
    } else {
      Object.values(charts).forEach((one) => one.echarts.resize());
    }
  }).observe(document.body);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  matchMedia("print").addEventListener("change", redraw);

  /** A slider below a category axis of many values; with few, nothing. */
  const zoom = (count, colours) => count <= 24 ? [] : [
    {type: "slider", height: 18, bottom: 6, textStyle: {color: colours.soft}, brushSelect: false},
    {type: "inside", zoomOnMouseWheel: "ctrl", moveOnMouseMove: true, preventDefaultMouseMove: false},
  ];

  // ---- stacked bars

  const most_series = 7;  // what is less goes into "other"

  /** Names with their sums over all items, largest first, at most `most_series`, and whether more. */
  function largest(items, sums) {
    const total = new Map();
    items.forEach((item) => sums(item).forEach(([name, value]) =>
      total.set(name, (total.get(name) ?? 0) + value)));
    const names = [...total].filter(([, v]) => v > 0).sort((a, b) => b[1] - a[1]).map(([n]) => n);
    return names.length <= most_series ? names : [...names.slice(0, most_series - 1), "other"];
  }

  /** Stacked bars from the left, a row each: rows of {name, parts: [[name, value]]}. */
  function row_bars(id, unit, rows, first = []) {
    chart(id, (colours, narrow) => {
      const names = [...first, ...largest(rows, (r) => r.parts.filter(([n]) => !first.includes(n)))].slice(0, 8);
      const value_of = (row, name) => row.parts.reduce((sum, [n, v]) =>
        sum + (n === name || (name === "other" && !names.includes(n)) ? v : 0), 0);
      return {
        aria: {enabled: true, decal: {show: true, decals}},
        legend: {}, grid: {left: 8, right: 20, top: 44, bottom: 8, containLabel: true},
        tooltip: {
          trigger: "axis", axisPointer: {type: "shadow"}, formatter: (bars) => {
            const all = rows[bars[0].dataIndex].parts.reduce((sum, [, v]) => sum + v, 0);
            return `<b>${escaped(bars[0].name)}</b>: ${rounded(all, unit)}<br>` + bars.filter((b) => b.value > 0).map((b) =>
              `${b.marker} ${escaped(b.seriesName)}: <b>${rounded(b.value, unit)}</b> (${percent(b.value / all)})`).join("<br>");
          },
        },
        xAxis: {type: "value", axisLabel: {formatter: (v) => rounded(v, unit === "cycles" ? "" : unit)}, splitNumber: narrow ? 3 : 5},
        yAxis: {type: "category", inverse: true, data: rows.map((r) => r.name), splitLine: {show: false}},
        series: names.map((name) => ({
          name, type: "bar", stack: "all", barMaxWidth: 26, data: rows.map((r) => value_of(r, name))})),
      };
    });
  }

  // ---- tables

  /** The number that a cell shows, prefixes of units taken into account; else its text. */
  function sort_key(text) {
    const number = /^([+-]?[\d ]*\.?\d+(?:e[+-]?\d+)?)\s*([%a-zA-Zµ/]*)/.exec(text.trim());
    if (!number) return text;
    const factors = {P: 1e15, T: 1e12, G: 1e9, M: 1e6, k: 1e3, m: 1e-3, "µ": 1e-6, u: 1e-6, n: 1e-9, p: 1e-12};
    const unit = number[2];
    const factor = unit.length > 1 && /^[PTGMkmµunp](B|s|J|MAC|$)/.test(unit) ? factors[unit[0]] : 1;
    return Number(number[1].replace(/ /g, "")) * factor;
  }

  /** Columns are sorted by a click on their head, a second click turns the order. */
  function sortable(table) {
    table.querySelectorAll("thead th").forEach((head, column) => {
      const button = document.createElement("button");
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const up = head.getAttribute("aria-sort") === "descending" ||
                   (!head.hasAttribute("aria-sort") && !head.classList.contains("n"));
        table.querySelectorAll("thead th").forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", up ? "ascending" : "descending");
        const body = table.tBodies[0];
        const keyed = [...body.rows].map((row) => [sort_key(row.cells[column].textContent), row]);
        const compare = (a, b) => (typeof a === "number" && typeof b === "number") ? a - b
                                  : String(a).localeCompare(String(b));
        keyed.sort((a, b) => (up ? 1 : -1) * compare(a[0], b[0]));
        body.append(...keyed.map(([, row]) => row));
      });
    });
  }
  document.querySelectorAll("table").forEach(sortable);

  return {
    data, grouped, rounded, three, percent, digits, escaped, decals, chart, charts, draw, zoom, narrow, redraw, largest,
    row_bars, theme,
  };
})();
