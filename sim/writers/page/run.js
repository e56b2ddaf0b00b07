// SPDX-License-Identifier: Apache-2.0
// The charts of the page of a run. `page.data.report` is the report as docs/report.md says;
// `page.data.timeline`, where there is one, what the units did when (sim/writers/page_timeline.cpp).
(() => {
  "use strict";
  const {report, timeline} = page.data;
  const {grouped, rounded, percent, digits, escaped, largest, row_bars} = page;
  const layers = report.layers;

  // ---- layers: one order for all charts of them, one card that says more of one layer

  let order = layers.map((_, i) => i);
  const order_select = document.getElementById("order");
  order_select?.addEventListener("change", () => {
    order = layers.map((_, i) => i);
    const by = order_select.value;
    if (by !== "network") order.sort((a, b) => layers[b][by] - layers[a][by] || a - b);
    page.redraw();
  });

  function show_layer(index) {
    const place = document.getElementById("layer");
    const l = layers[index];
    const facts = [
      ["cycles", `${grouped(l.cycles)} (${percent(l.cycles / report.total.cycles)})`],
      ["time", rounded(l.seconds, "s")], ["work", rounded(l.macs, "MAC")],
      ["utilization", percent(l.utilization)], ["DRAM traffic", rounded(l.traffic_bytes, "B")],
    ];
    if (report.total.energy.length) facts.push(["energy", rounded(l.energy_pj * 1e-12, "J")]);
    place.innerHTML = `<h3>${escaped(l.name)} <span class="soft">${escaped(l.operator)} on ${escaped(l.unit)}</span></h3>
      <dl class="figures">${facts.map(([k, v]) => `<div><dt>${k}</dt><dd>${v}</dd></div>`).join("")}</dl>
      <p class="finding">${escaped(l.bottleneck)}</p><p class="soft">${escaped(l.tiling)}</p>`;
  }
  const clicks = (chart) => chart.on("click", (event) => {
    if (event.componentType === "series" && event.data?.layer !== undefined) show_layer(event.data.layer);
  });

  /** Stacked bars, a layer each: `parts(layer)` is a list of [name, value]. */
  function layer_bars(id, unit, parts, first = []) {
    page.chart(id, (colours, narrow) => {
      const names = [...first, ...largest(layers, (l) => parts(l).filter(([n]) => !first.includes(n)))]
        .slice(0, 8);
      const value_of = (layer, name) => parts(layer).reduce((sum, [n, v]) =>
        sum + (n === name || (name === "other" && !names.includes(n)) ? v : 0), 0);
      const zoom = page.zoom(layers.length, colours);
      return {
        aria: {enabled: true, decal: {show: true, decals: page.decals}},
        legend: {}, dataZoom: zoom,
        grid: {left: 34, right: 12, top: 44, bottom: zoom.length ? 34 : 8, containLabel: true},
        tooltip: {
          trigger: "axis", axisPointer: {type: "shadow"}, formatter: (rows) => {
            const layer = layers[order[rows[0].dataIndex]];
            const all = parts(layer).reduce((sum, [, v]) => sum + v, 0);
            const lines = rows.filter((r) => r.data.value > 0).map((r) =>
              `${r.marker} ${escaped(r.seriesName)}: <b>${rounded(r.data.value, unit)}</b> (${percent(r.data.value / all)})`);
            return `<b>${escaped(layer.name)}</b> ${escaped(layer.operator)}: ${rounded(all, unit)}<br>${lines.join("<br>")}`;
          },
        },
        xAxis: {
          type: "category", data: order.map((i) => layers[i].name),
          axisLabel: {rotate: layers.length > 4 ? 45 : 0, width: narrow ? 70 : 110, overflow: "truncate", fontSize: 11},
        },
        yAxis: {type: "value", axisLabel: {formatter: (v) => rounded(v, unit)}},
        series: names.map((name) => ({
          name, type: "bar", stack: "all", barMaxWidth: 40, barCategoryGap: layers.length > 60 ? "5%" : "20%",
          data: order.map((i) => ({value: value_of(layers[i], name), layer: i})),
        })),
      };
    }, {group: "layers", ready: clicks});
  }

  const stalls_of = (entry) => Object.entries(entry.stalls);
  layer_bars("cycles", "", (l) => [["busy", l.busy_cycles], ...stalls_of(l)], ["busy"]);
  layer_bars("energy", "J", (l) => l.energy.map((e) => [e.component, e.picojoules * 1e-12]));
  layer_bars("traffic", "B", (l) => {
    const dram = report.memories[0]?.name;
    return l.traffic.filter((t) => t.memory === dram).flatMap((t) =>
      [[`${t.tensor} read`, t.read_bytes], [`${t.tensor} written`, t.write_bytes]]);
  });

  // ---- roofline

  page.chart("roofline", (colours) => {
    const peak = report.machine.peak_macs_per_second, dram = report.machine.peak_dram_bytes_per_second;
    const on_chart = (l) => l.macs > 0 && l.arithmetic_intensity !== null && l.utilization > 0;
    const point = (l, extra) => ({
      value: [l.arithmetic_intensity, l.utilization * peak, l.cycles], name: l.name, ...extra});
    const shown = layers.map((l, i) => [l, i]).filter(([l]) => on_chart(l));
    const xs = shown.map(([l]) => l.arithmetic_intensity);
    if (dram > 0) xs.push(peak / dram);
    const low = 10 ** Math.floor(Math.log10(Math.min(...xs)) - 0.3);
    const high = 10 ** Math.ceil(Math.log10(Math.max(...xs)) + 0.3);
    const roof = dram > 0 ? [[low, low * dram], [peak / dram, peak], [high, peak]] : [[low, peak], [high, peak]];
    const ys = shown.map(([l]) => l.utilization * peak);
    const dots = (name, symbol, some) => ({
      name, type: "scatter", symbol, data: some.map(([l, i]) => point(l, {layer: i})),
      symbolSize: (v) => 6 + 26 * Math.sqrt(v[2] / report.total.cycles),
      itemStyle: {opacity: 0.7, borderColor: colours.text, borderWidth: 0.6},
    });
    const series = [{
      name: "roof", type: "line", data: roof, symbol: "none", lineStyle: {width: 2.5, color: colours.text},
      itemStyle: {color: colours.text}, silent: true,
    }, dots("layers", "circle", shown)];
    if (on_chart(report.total))
      series.push({
        name: "whole network", type: "scatter", symbol: "diamond", symbolSize: 17,
        itemStyle: {color: colours.series[4], borderColor: colours.text, borderWidth: 1},
        data: [point(report.total)],
        label: {show: true, formatter: "whole network", position: "bottom", color: colours.text},
      });
    return {
      legend: {}, grid: {left: 12, right: 24, top: 62, bottom: 26, containLabel: true},
      tooltip: {
        formatter: (p) => `<b>${escaped(p.name)}</b><br>${rounded(p.value[0], "MAC/B")}, ` +
          `${rounded(p.value[1], "MAC/s")} (${percent(p.value[1] / peak)} of peak)<br>${grouped(p.value[2])} cycles`,
      },
      xAxis: {type: "log", name: "MAC per DRAM byte", nameLocation: "middle", nameGap: 26, min: low, max: high,
              axisLabel: {formatter: (v) => rounded(v)}},
      yAxis: {type: "log", name: "MAC/s", min: 10 ** Math.floor(Math.log10(Math.min(peak / 100, ...ys))),
              axisLabel: {formatter: (v) => rounded(v)}},
      series,
    };
  }, {ready: clicks});

  // ---- units: each has all cycles of the run

  row_bars("units", "", report.units.map((u) => ({
    name: u.name, parts: [["busy", u.busy_cycles], ["idle", u.idle_cycles], ...stalls_of(u)]})), ["busy"]);
  row_bars("memories", "B", report.memories.map((m) => ({
    name: m.name,
    parts: report.total.traffic.filter((t) => t.memory === m.name).flatMap((t) =>
      [[`${t.tensor} read`, t.read_bytes], [`${t.tensor} written`, t.write_bytes]])})));
  const components = [...new Set(report.total.energy.map((e) => e.component))];
  row_bars("components", "J", components.map((component) => ({
    name: component,
    parts: report.total.energy.filter((e) => e.component === component).map((e) =>
      [e.action.replaceAll("_", " "), e.picojoules * 1e-12])})));

  // ---- timeline

  page.chart("timeline", (colours, narrow) => {
    const names = timeline.units.map((u) => u.name);
    const step = timeline.cycles_per_step;
    const first_cycle = (x) => timeline.start + x * step;
    const cells = timeline.units.flatMap((u, y) => u.busy.map((share, x) => [x, y, share]).filter((c) => c[2] > 0));
    return {
      grid: {left: 8, right: 14, top: 40, bottom: 48, containLabel: true},
      tooltip: {
        formatter: (p) => {
          const [x, y, share] = p.value, unit = timeline.units[y];
          const doing = timeline.names[unit.firing[x]];
          return `<b>${escaped(unit.name)}</b>, cycles ${grouped(first_cycle(x))} to ${grouped(first_cycle(x + 1))}<br>` +
            `busy ${digits(share)} %${doing ? `, begins with ${escaped(doing)}` : ""}`;
        },
      },
      visualMap: {
        min: 0, max: 100, calculable: false, orient: "horizontal", right: 14, top: 0, itemHeight: narrow ? 90 : 140, itemWidth: 12,
        text: ["busy 100 %", "0 %"], textStyle: {color: colours.text}, inRange: {color: [colours.card, colours.series[0]]},
      },
      dataZoom: [{type: "slider", height: 18, bottom: 6, brushSelect: false, textStyle: {color: colours.soft},
                  labelFormatter: (v) => rounded(first_cycle(v))}],
      xAxis: {type: "category", data: timeline.units[0].busy.map((_, x) => first_cycle(x)),
              axisLabel: {formatter: (v) => rounded(Number(v))}},
      yAxis: {type: "category", inverse: true, data: names, splitLine: {show: false}},
      series: [{type: "heatmap", data: cells, progressive: 0, itemStyle: {borderWidth: 0}}],
    };
  }, {renderer: "canvas"});
})();
