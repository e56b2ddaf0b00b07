// SPDX-License-Identifier: Apache-2.0
// The charts of the page of a mapping; the data is what `sluice map --json` writes.
(() => {
  "use strict";
  const {levels, einsums, layers} = page.data;
  const {grouped, rounded, percent, escaped} = page;

  // ---- a map file: what each level does

  if (levels) {
    const accesses = einsums.flatMap((e) => e.accesses);
    const at = (level) => accesses.filter((a) => a.level === level.name);
    page.row_bars("level_cycles", "cycles", levels.map((l) => ({
      name: l.name, parts: [["bounds an Einsum", l.bounds_cycles], ["busy, not the slowest", Math.max(0, l.cycles - l.bounds_cycles)]]})));
    page.row_bars("level_energy", "J", levels.map((l) => {
      const tensors = at(l).map((a) => [a.tensor, a.energy_pj * 1e-12]);
      return {name: l.name, parts: tensors.length ? tensors : [["operations", l.energy_pj * 1e-12]]};
    }));
    page.row_bars("level_reads", "", levels.filter((l) => at(l).length).map((l) => ({
      name: l.name, parts: at(l).map((a) => [a.tensor, a.reads + a.fills + a.updates])})));
  }

  // ---- a run: layers that are mapped alike

  if (layers && page.data.network)
    page.chart("layer_cycles", (colours, narrow) => {
      const zoom = page.zoom(layers.length, colours);
      return {
        dataZoom: zoom, grid: {left: 34, right: 12, top: 16, bottom: zoom.length ? 34 : 8, containLabel: true},
        tooltip: {trigger: "axis", axisPointer: {type: "shadow"}, formatter: ([p]) => {
          const l = layers[p.dataIndex];
          return `<b>${escaped(l.names[0])}</b>${l.names.length > 1 ? `, ${l.names.length} layers` : ""}<br>` +
            `${grouped(l.cycles)} cycles each, ${grouped(l.cycles * l.names.length)} in all<br>` +
            `utilization ${percent(l.utilization)}<br>${escaped(l.bottleneck)}`;
        }},
        xAxis: {type: "category", data: layers.map((l) => l.names[0]),
                axisLabel: {rotate: 45, width: narrow ? 70 : 110, overflow: "truncate", fontSize: 11}},
        yAxis: {type: "value", axisLabel: {formatter: (v) => rounded(v)}},
        series: [{type: "bar", barMaxWidth: 40, data: layers.map((l) => l.cycles * l.names.length)}],
      };
    });

  // ---- software pipelines: a row for each operation, the cycles of one interval across

  if (layers && !page.data.network)
    layers.forEach((layer, index) => page.chart(`schedule${index}`, (colours) => {
      const units = [...new Set(layer.operations.map((o) => o.unit))];
      const rows = layer.operations.filter((o) => o.times.length)
        .sort((a, b) => units.indexOf(a.unit) - units.indexOf(b.unit));
      const cells = rows.flatMap((o, row) => {
        const slots = Math.max(1, Math.round(o.cycles / o.times.length));
        return o.times.flatMap((t) => Array.from({length: slots}, (_, s) =>
          [(t + s) % layer.interval, row, units.indexOf(o.unit)]));
      });
      return {
        grid: {left: 8, right: 12, top: 30, bottom: 30, containLabel: true},
        tooltip: {formatter: (p) => `cycle ${p.value[0]} of ${layer.interval}: <b>${escaped(rows[p.value[1]].name)}</b> on ${escaped(units[p.value[2]])}`},
        visualMap: {
          type: "piecewise", orient: "horizontal", left: 0, top: 0, textStyle: {color: colours.text}, itemSymbol: "rect",
          pieces: units.map((unit, u) => ({value: u, label: unit, color: colours.series[u]})),
        },
        xAxis: {type: "category", name: "cycle of the interval", nameLocation: "middle", nameGap: 24,
                data: Array.from({length: layer.interval}, (_, c) => c)},
        yAxis: {type: "category", inverse: true, data: rows.map((o) => o.name), splitLine: {show: true}},
        series: [{type: "heatmap", data: cells, progressive: 0}],
      };
    }));
})();
