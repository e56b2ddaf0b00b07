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

  /** The cycles of an interval in which an operation enters its array, as [first, past the last]. */
  function stretches(operation, interval) {
    const slots = Math.max(1, Math.round(operation.cycles / operation.times.length));
    const cycles = [...new Set(operation.times.flatMap((t) =>
      Array.from({length: slots}, (_, s) => (t + s) % interval)))].sort((a, b) => a - b);
    const found = [];
    for (const cycle of cycles)
      if (found.at(-1)?.[1] === cycle) found.at(-1)[1] = cycle + 1;
      else found.push([cycle, cycle + 1]);
    return found;
  }

  if (layers && !page.data.network)
    layers.forEach((layer, index) => page.chart(`schedule${index}`, (colours) => {
      const units = [...new Set(layer.operations.map((o) => o.unit))];
      const rows = layer.operations.filter((o) => o.times.length)
        .sort((a, b) => units.indexOf(a.unit) - units.indexOf(b.unit));
      const bars = rows.flatMap((o, row) =>
        stretches(o, layer.interval).map(([first, end]) => [first, end, row, units.indexOf(o.unit)]));
      const bar = (params, api) => {
        const [left, middle] = api.coord([api.value(0), api.value(2)]);
        const [right] = api.coord([api.value(1), api.value(2)]);
        const height = api.size([0, 1])[1];
        return {
          type: "rect", style: {fill: api.visual("color")},
          shape: {x: left, y: middle - height / 2, width: Math.max(right - left, 0.5), height},
        };
      };
      return {
        grid: {left: 8, right: 24, top: 30, bottom: 30, containLabel: true},
        tooltip: {formatter: ({value: [first, end, row, unit]}) =>
          `${end === first + 1 ? `cycle ${first}` : `cycles ${first} to ${end - 1}`} of ${layer.interval}: ` +
          `<b>${escaped(rows[row].name)}</b> on ${escaped(units[unit])}`},
        visualMap: {
          type: "piecewise", dimension: 3, orient: "horizontal", left: 0, top: 0, textStyle: {color: colours.text}, itemSymbol: "rect",
          pieces: units.map((unit, u) => ({value: u, label: unit, color: colours.series[u]})),
        },
        xAxis: {type: "value", name: "cycle of the interval", nameLocation: "middle", nameGap: 24,
                min: 0, max: layer.interval, splitLine: {show: false}, axisLabel: {formatter: grouped}},
        yAxis: {type: "category", inverse: true, data: rows.map((o) => o.name), splitLine: {show: true}},
        series: [{type: "custom", renderItem: bar, encode: {x: [0, 1], y: 2}, data: bars}],
      };
    }));
})();
