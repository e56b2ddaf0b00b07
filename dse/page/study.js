// SPDX-License-Identifier: Apache-2.0
// The charts of the page of a study; dse/page/study_json.cpp makes what they are drawn from. Designs
// are known by their place in the columns of `trials`. One selection holds for all charts: of a
// region of the front's chart, and of ranges on the axes of the parallel coordinates.
(() => {
  "use strict";
  const {objectives, units, parameters, trials, front, convergence, importance, designs} = page.data;
  const {grouped, rounded, percent, digits, escaped} = page;
  const count = trials.number.length;
  const places = Array.from({length: count}, (_, i) => i);
  const on_front = new Set(front);
  const is_front = (i) => on_front.has(trials.number[i]);
  const metric_names = Object.keys(trials.metrics);
  const value_text = (metric, v) => metric === "utilization" ? percent(v) : rounded(v, units[metric]);
  const cell_text = (metric, v) => metric === "utilization" ? percent(v) : page.three(v, units[metric]);
  const design_text = (i) => parameters.map((p) => p.places[i] < 0 ? null : `${p.name}=${p.values[p.places[i]]}`)
    .filter((t) => t).join(", ");
  const spread = (values) => {
    const known = values.filter((v) => v !== null);
    const least = known.reduce((a, b) => Math.min(a, b), Infinity);
    const most = known.reduce((a, b) => Math.max(a, b), -Infinity);
    return {least, most, log: least > 0 && most / least > 20};
  };

  // ---- the selection

  const region = {box: null, ranges: null};  // {x: [a, b], y: [a, b]}; a set of places
  const axes = {
    x: objectives[0].metric,
    y: objectives[1]?.metric ?? metric_names.find((m) => m !== objectives[0].metric),
  };
  const column = (metric) => trials.metrics[metric];
  const in_box = (i) => !region.box || (["x", "y"]).every((a) => {
    const v = column(axes[a])[i], [low, high] = region.box[a];
    return v !== null && v >= low && v <= high;
  });
  const in_ranges = (i) => !region.ranges || region.ranges.has(i);
  const selected = () => places.filter((i) => in_box(i) && in_ranges(i));

  function show_selection() {
    const chosen = selected();
    document.getElementById("count").textContent = chosen.length === count
      ? (count === 1 ? "the one design" : `all ${grouped(count)} designs`) : `${grouped(chosen.length)} of ${grouped(count)} designs selected`;
    const table = document.getElementById("designs");
    const first = objectives[0];
    const rows = (chosen.length === count ? places.filter(is_front) : chosen)
      .sort((a, b) => (first.maximize ? -1 : 1) * (column(first.metric)[a] - column(first.metric)[b])).slice(0, 30);
    const whole = chosen.length === count ? front.length : chosen.length;
    table.caption.textContent = `${rows.length} of ${grouped(whole)} designs ${chosen.length === count
      ? (objectives.length > 1 ? "on the front" : "that are best") : "selected"}`;
    table.querySelectorAll("th").forEach((head) => head.removeAttribute("aria-sort"));
    table.tBodies[0].innerHTML = rows.map((i) => "<tr>" +
      `<td class="n">${trials.number[i]}</td>` +
      objectives.map((o) => `<td class="n">${cell_text(o.metric, column(o.metric)[i])}</td>`).join("") +
      parameters.map((p) => `<td>${p.places[i] < 0 ? "" : escaped(p.values[p.places[i]])}</td>`).join("") +
      `<td>${escaped(trials.bottleneck[i])}</td></tr>`).join("");
  }

  // ---- the front

  const names = page.largest(places, (i) => [[trials.bottleneck[i], 1]]);
  const name_of = (i) => names.includes(trials.bottleneck[i]) ? trials.bottleneck[i] : "other";
  const shapes = ["circle", "triangle", "rect", "diamond", "pin", "arrow", "roundRect"];

  function front_series(colours) {
    const x = column(axes.x), y = column(axes.y);
    const series = names.map((name, s) => ({
      name, type: "scatter", symbol: shapes[s % shapes.length], color: colours.series[s],
      data: places.filter((i) => name_of(i) === name && x[i] !== null && y[i] !== null).map((i) => ({
        value: [x[i], y[i]], place: i, symbolSize: is_front(i) ? 13 : 7,
        itemStyle: {
          opacity: in_ranges(i) ? (is_front(i) ? 1 : 0.55) : 0.06,
          borderColor: colours.text, borderWidth: is_front(i) ? 1.5 : 0,
        },
      })),
    }));
    const shows_front = objectives.length === 2 && [axes.x, axes.y].every((m) => objectives.some((o) => o.metric === m));
    if (shows_front)
      series.push({
        name: "front", type: "line", color: colours.text, symbol: "none", silent: true,
        lineStyle: {width: 1.5, type: "dashed"},
        data: places.filter(is_front).map((i) => [x[i], y[i]]).sort((a, b) => a[0] - b[0]),
      });
    return series;
  }

  const pick_region = (chart) => chart.dispatchAction({
    type: "takeGlobalCursor", key: "brush", brushOption: {brushType: "rect", brushMode: "single"}});

  page.chart("front", (colours, narrow) => {
    const axis = (metric, where) => {
      const {log, least, most} = spread(column(metric));
      return {
        type: log ? "log" : "value", name: metric, scale: true,
        min: log ? 10 ** Math.floor(Math.log10(least)) : undefined,
        max: log ? 10 ** Math.ceil(Math.log10(most)) : undefined,
        axisLabel: {formatter: (v) => metric === "utilization" ? percent(v) : rounded(v, units[metric])},
        splitNumber: narrow ? 3 : 6, ...where,
      };
    };
    return {
      legend: {}, grid: {left: 12, right: 24, top: 62, bottom: 30, containLabel: true},
      tooltip: {
        formatter: (p) => {
          const i = p.data.place;
          return `<b>trial ${trials.number[i]}</b>${is_front(i) ? ", on the front" : ""}<br>` +
            metric_names.map((m) => `${m}: <b>${value_text(m, column(m)[i])}</b>`).join("<br>") +
            `<br>${escaped(design_text(i))}<br>${escaped(trials.bottleneck[i])}`;
        },
      },
      toolbox: {show: false},
      brush: {
        toolbox: [], xAxisIndex: 0, yAxisIndex: 0, brushMode: "single", outOfBrush: {colorAlpha: 0.08},
        brushStyle: {borderColor: colours.mark, color: "rgba(128,128,128,0.15)", borderWidth: 1.5},
      },
      xAxis: axis(axes.x, {nameLocation: "middle", nameGap: 28}), yAxis: axis(axes.y, {}),
      series: front_series(colours),
    };
  }, {
    renderer: count > 3000 ? "canvas" : "svg",
    drawn: (chart) => {
      if (!page.narrow()) pick_region(chart);
      if (region.box)
        chart.dispatchAction({type: "brush", areas: [{
          brushType: "rect", xAxisIndex: 0, yAxisIndex: 0, coordRange: [region.box.x, region.box.y]}]});
    },
    ready: (chart) => chart.on("brushEnd", ({areas}) => {
      const [x, y] = areas[0]?.coordRange ?? [];
      region.box = x ? {x, y} : null;
      region.ranges = null;
      page.draw("parallel");
      show_selection();
    }),
  });

  // ---- parallel coordinates

  const names_of = (p) => p.places.includes(-1) ? [...p.values, "none"] : p.values;

  function show_ranges() {
    page.charts.front.echarts.setOption({series: front_series(page.theme())});
    show_selection();
  }
  const parameter_axes = (chart) => chart.getOption().parallelAxis.map((_, dim) =>
    chart.getModel().getComponent("parallelAxis", dim));

  // Axes side by side while their names have room, else below each other; on a phone with the names
  // above them.
  const axes_shown = objectives.length + parameters.filter((p) => p.values.length > 1).length;
  const most_labels = 10;
  const room = 90;  // of an axis and its name
  const lies = () => page.narrow() || document.getElementById("parallel").clientWidth < room * axes_shown;

  function fit_parallel() {
    document.getElementById("parallel").style.height =
      lies() ? `${90 + (page.narrow() ? 56 : 44) * axes_shown}px` : "380px";
  }
  fit_parallel();
  addEventListener("resize", fit_parallel);

  page.chart("parallel", (colours, narrow) => {
    const shown = places.filter(in_box);
    const varied = parameters.filter((p) => p.values.length > 1);
    const dimensions = [
      // Numbers with names, so that a range ends between two values and not on one.
      ...varied.map((p) => ({
        name: p.name, type: "value", min: -1, max: names_of(p).length,
        interval: Math.ceil(names_of(p).length / most_labels), minInterval: 1,
        axisLabel: {formatter: (v) => names_of(p)[v] ?? ""}})),
      ...objectives.map(({metric}) => {
        const {log, least, most} = spread(column(metric));
        return {name: metric, type: log ? "log" : "value", scale: true,
                min: log ? 10 ** Math.floor(Math.log10(least)) : undefined,
                max: log ? 10 ** Math.ceil(Math.log10(most)) : undefined,
                axisLabel: {formatter: (v) => value_text(metric, v)}};
      }),
    ];
    const row = (i) => [
      ...varied.map((p) => p.places[i] < 0 ? p.values.length : p.places[i]),
      ...objectives.map(({metric}) => column(metric)[i]),
    ];
    const lines = (name, some, color, width, opacity, z) => ({
      name, type: "parallel", smooth: false, progressive: 0, z, silent: true,
      lineStyle: {color, width, opacity}, inactiveOpacity: 0.02, activeOpacity: Math.max(opacity, 0.5),
      data: some.map((i) => ({value: row(i), place: i})),
    });
    const others = shown.filter((i) => !is_front(i));
    const step = (document.getElementById("parallel").clientWidth - 100) / Math.max(1, axes_shown - 1);
    const place = narrow
      ? {layout: {layout: "vertical", left: 30, right: 30, top: 60, bottom: 24},
         name: {nameLocation: "start", nameGap: 0, nameTruncate: {maxWidth: 280},
                nameTextStyle: {color: colours.text, align: "left", verticalAlign: "bottom", padding: [0, 0, 4, 0]}}}
      : lies()
        ? {layout: {layout: "vertical", left: 190, right: 60, top: 50, bottom: 30},
           name: {nameLocation: "start", nameGap: 12, nameTruncate: {maxWidth: 170},
                  nameTextStyle: {color: colours.text}}}
        : {layout: {left: 50, right: 50, top: 66, bottom: 24},
           name: {nameLocation: "end", nameGap: 12, nameTruncate: {maxWidth: Math.min(step, 200) - 8},
                  nameTextStyle: {color: colours.text, align: "center"}}};
    return {
      legend: {data: ["front", "other designs"]},
      parallel: place.layout,
      parallelAxis: dimensions.map((d, dim) => ({
        ...d, dim, ...place.name,
        axisLine: {lineStyle: {color: colours.soft}}, axisTick: {lineStyle: {color: colours.soft}},
        axisLabel: {color: colours.text, fontSize: 11, hideOverlap: true, textBorderColor: colours.back, textBorderWidth: 3, ...d.axisLabel},
        areaSelectStyle: {width: 18, borderColor: colours.mark, borderWidth: 1.5, color: colours.mark, opacity: 0.3},
      })),
      series: [
        lines("other designs", others, colours.series[0], 1, Math.max(0.04, Math.min(0.5, 60 / others.length)), 2),
        lines("front", shown.filter(is_front), colours.series[4], 1.8, 0.85, 3),
      ],
    };
  }, {
    renderer: "canvas",
    drawn: () => {
      if (!region.ranges) return;
      region.ranges = null;  // drawn anew, the axes have none
      show_ranges();
    },
    ready: (chart) => chart.on("axisareaselected", () => {
      const limited = parameter_axes(chart).some((axis) => axis.activeIntervals?.length);
      region.ranges = limited ? new Set(chart.getModel().getSeries().flatMap((one, s) => {
        const data = chart.getOption().series[s].data;
        return one.getRawIndicesByActiveState("active").map((k) => data[k].place);
      })) : null;
      show_ranges();
    }),
  });

  // ---- how the search went

  const series_of = (o, best) => {
    const last = best[best.length - 1];
    return best.map((v, k) => v === null || !(last > 0) || !(v > 0) ? null
      : [convergence.evaluations[k], o.maximize ? last / v : v / last]);
  };
  const symbols = ["circle", "triangle", "rect", "diamond"];
  const steps = (name, data, s, colours) => ({
    name, data: data.filter((d) => d), type: "line", step: "end", color: colours.series[s],
    symbol: symbols[s % symbols.length], showSymbol: convergence.evaluations.length === 1, lineStyle: {width: 2, type: ["solid", "dashed", "dotted"][s % 3]},
  });
  const evaluations_axis = {type: "value", name: "evaluations", nameLocation: "middle", nameGap: 26, min: 0,
                            axisLabel: {formatter: (v) => rounded(v)}};
  page.chart("convergence", (colours) => {
    const lines = objectives.map((o, s) => steps(o.metric, series_of(o, convergence.best[o.metric]), s, colours));
    const most = Math.max(...lines.flatMap((l) => l.data.map((d) => d[1])));
    return {
      legend: {}, grid: {left: 12, right: 24, top: 44, bottom: 28, containLabel: true},
      tooltip: {trigger: "axis", formatter: (at) => `after ${grouped(at[0].value[0])} evaluations<br>` + at.map((p) => {
        const k = convergence.evaluations.indexOf(p.value[0]);
        return `${p.marker} ${p.seriesName}: <b>${value_text(p.seriesName, convergence.best[p.seriesName][k])}</b> (${digits(p.value[1])} times the best)`;
      }).join("<br>")},
      xAxis: evaluations_axis,
      yAxis: {type: most > 20 ? "log" : "value", min: most > 20 ? 1 : (most > 1 ? 1 : 0), axisLabel: {formatter: (v) => `${digits(v)} x`}},
      series: lines,
    };
  });
  page.chart("hypervolume", (colours) => ({
    grid: {left: 12, right: 24, top: 20, bottom: 28, containLabel: true},
    tooltip: {trigger: "axis", formatter: ([p]) => `after ${grouped(p.value[0])} evaluations: <b>${percent(p.value[1])}</b>`},
    xAxis: evaluations_axis, yAxis: {type: "value", max: 1, axisLabel: {formatter: percent}},
    series: [{...steps("hypervolume", convergence.hypervolume.map((v, k) => [convergence.evaluations[k], v]), 3, colours),
              lineStyle: {width: 2}, areaStyle: {opacity: 0.15}}],
  }));

  if (importance.length === 0) {
    const place = document.getElementById("importance");
    place.textContent = "Too few designs are ok, or they are all alike, to say.";
    place.style.height = "auto";
  } else {
    page.chart("importance", (colours) => {
      const sum = parameters.map((_, p) => importance.reduce((s, one) => s + one.effect[p], 0));
      const order = parameters.map((_, p) => p).sort((a, b) => sum[b] - sum[a]);
      return {
        aria: {enabled: true, decal: {show: true, decals: page.decals}},
        legend: {formatter: (name) => {
          const one = importance.find((m) => m.metric === name);
          return `${name} (${percent(Math.max(0, one.explained))} explained)`;
        }},
        grid: {left: 8, right: 40, top: 40, bottom: 8, containLabel: true},
        tooltip: {trigger: "axis", axisPointer: {type: "shadow"}, valueFormatter: (v) => percent(v)},
        xAxis: {type: "value", axisLabel: {formatter: percent}},
        yAxis: {type: "category", inverse: true, data: order.map((p) => parameters[p].name), splitLine: {show: false}},
        series: importance.map((one) => ({
          name: one.metric, type: "bar", barMaxWidth: 16, data: order.map((p) => Math.max(0, one.effect[p]))})),
      };
    });
  }

  // ---- the best designs

  page.row_bars("stalls", "cycles", designs.map((d) => {
    const stalls = Object.entries(d.stalls);
    const lost = stalls.reduce((sum, [, c]) => sum + c, 0);
    return {name: `trial ${d.number}`, parts: [["busy", d.metrics.cycles - lost], ...stalls]};
  }), ["busy"]);

  page.chart("roofline", (colours) => {
    const shown = designs.filter((d) => d.macs > 0 && d.metrics.dram_bytes > 0 && d.metrics.latency_s > 0);
    const points = shown.map((d) => [d.macs / d.metrics.dram_bytes, d.macs / d.metrics.latency_s]);
    const ridges = shown.filter((d) => d.peak_dram_bytes_per_second > 0)
      .map((d) => d.peak_macs_per_second / d.peak_dram_bytes_per_second);
    const xs = [...points.map((p) => p[0]), ...ridges];
    const low = 10 ** Math.floor(Math.log10(Math.min(...xs)) - 0.2), high = 10 ** Math.ceil(Math.log10(Math.max(...xs)) + 0.2);
    const series = shown.flatMap((d, s) => {
      const peak = d.peak_macs_per_second, dram = d.peak_dram_bytes_per_second, color = colours.series[s % 8];
      return [{
        name: `trial ${d.number}`, type: "scatter", color, symbol: shapes[s % 4], symbolSize: 15, data: [points[s]],
        itemStyle: {borderColor: colours.text, borderWidth: 1}, z: 3,
      }, {
        name: `trial ${d.number}`, type: "line", color, symbol: "none", silent: true,
        lineStyle: {width: 1.5, type: ["solid", "dashed", "dotted"][s % 3]},
        data: dram > 0 ? [[low, low * dram], [peak / dram, peak], [high, peak]] : [[low, peak], [high, peak]],
      }];
    });
    return {
      legend: {}, grid: {left: 12, right: 24, top: 62, bottom: 28, containLabel: true},
      tooltip: {formatter: (p) => {
        const d = shown.find((one) => `trial ${one.number}` === p.seriesName);
        return `<b>${p.seriesName}</b><br>${rounded(p.value[0], "MAC/B")}, ${rounded(p.value[1], "MAC/s")} ` +
          `(${percent(p.value[1] / d.peak_macs_per_second)} of peak)<br>${escaped(d.bottleneck)}`;
      }},
      xAxis: {type: "log", name: "MAC per DRAM byte", nameLocation: "middle", nameGap: 26, min: low, max: high,
              axisLabel: {formatter: (v) => rounded(v)}},
      yAxis: {type: "log", name: "MAC/s", min: 10 ** Math.floor(Math.log10(Math.min(...points.map((p) => p[1])))),
              axisLabel: {formatter: (v) => rounded(v)}},
      series,
    };
  });

  // ---- controls

  for (const a of ["x", "y"]) {
    const select = document.getElementById(a);
    select.innerHTML = metric_names.map((m) => `<option${m === axes[a] ? " selected" : ""}>${m}</option>`).join("");
    select.addEventListener("change", () => {
      axes[a] = select.value;
      clear();
    });
  }
  function clear() {
    region.box = region.ranges = null;
    page.draw("front");
    page.draw("parallel");
    show_selection();
  }
  document.getElementById("clear").addEventListener("click", clear);
  document.getElementById("brush").addEventListener("click", () => pick_region(page.charts.front.echarts));
  show_selection();
})();
