"use strict";
// What a page does: draw its plots when they come into view, switch curves, axes and bands, move through the frames of
// particles, sort and filter the claims. Texts from runs are only ever set as text, by the page itself or by plotly.
(function () {
  const numbers = JSON.parse(document.getElementById("numbers").textContent);
  const root = document.documentElement;
  const coarse = window.matchMedia("(pointer: coarse)").matches;
  const config = {displayModeBar: false, doubleClick: "reset"};
  const shown = new Map();
  const all = (within, what) => Array.from(within.querySelectorAll(what));
  const css = (name) => getComputedStyle(root).getPropertyValue(name).trim();

  // ---- plots
  function inked(trace) {
    const copy = Object.assign({}, trace);
    for (const part of ["line", "marker", "error_y"]) {
      if (copy[part] && copy[part].color === "#000000") copy[part] = Object.assign({}, copy[part], {color: css("--ink")});
    }
    if (copy.fillcolor === "#00000033") copy.fillcolor = css("--ink") + "33";
    return copy;
  }

  // Distance of the ticks of a logarithmic axis from low to high, such that their numbers do not touch: even steps on a
  // short one, else 1, 2 and 5 times powers of ten or, where these would be too many for its length, some powers alone.
  function stepOf(low, high, length, across) {
    const span = Math.log10(high / low);
    if (!(span > 0)) return undefined;
    if (span < 0.78) {
      const rough = (high - low) / (across ? 4 : 6), ten = 10 ** Math.floor(Math.log10(rough));
      return "L" + Number(([1, 2, 5, 10].find((part) => part * ten >= rough) * ten).toPrecision(3));
    }
    const letters = Math.max(...[low, high].map((end) => String(10 ** Math.floor(Math.log10(end))).length));
    const size = across ? 6 * letters + 4 : 13;
    const most = Math.max(2, length / size);
    return 3 * span + 1 > most ? Math.ceil(span / Math.min(7, most)) : "D2";
  }
  const lengthOf = (chart, across) => across ? chart.clientWidth - 64 : chart.clientHeight - 50;
  function stepFor(data, chart, across) {
    let low = Infinity, high = -Infinity;
    for (const trace of data) {
      for (const value of trace[across ? "x" : "y"] || []) {
        if (value > 0) { low = Math.min(low, value); high = Math.max(high, value); }
      }
    }
    return stepOf(low, high, lengthOf(chart, across), across);
  }

  function axisOf(given, type, step) {
    const own = Object.assign({}, given, {gridcolor: css("--line"), zerolinecolor: css("--line"), automargin: true,
      linecolor: css("--soft"), showline: true, ticks: "outside", tickcolor: css("--soft"), nticks: 7});
    own.title = Object.assign({standoff: 6}, given.title, {font: {size: 12}});
    if (type) own.type = type;
    if (own.type === "log") Object.assign(own, {tickformat: "~g", dtick: step});
    return own;
  }

  function layoutOf(given, chart, types, data) {
    const layout = {margin: {l: 44, r: 10, t: 10, b: 36}, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
      font: {color: css("--ink"), size: 11, family: css("--font")}, hovermode: "closest", showlegend: false,
      hoverlabel: {namelength: -1}, dragmode: coarse ? false : "zoom", autosize: false,
      width: chart.clientWidth, height: chart.clientHeight, uirevision: types.join()};
    Object.assign(layout, given);
    layout.xaxis = axisOf(given.xaxis, types[0], stepFor(data, chart, true));
    layout.yaxis = axisOf(given.yaxis, types[1], stepFor(data, chart, false));
    return layout;
  }

  function show(chart) {
    if (!chart.clientWidth) return;
    const plot = numbers.plots[chart.dataset.plot];
    const state = chart.state;
    const data = plot.data.filter((trace) => !state.hidden.has(trace.legendgroup))
      .filter((trace) => !trace.meta || trace.meta === state.spread)
      .map((trace) => inked(trace.meta ? Object.assign({}, trace, {visible: true}) : trace));
    Plotly.react(chart, data, layoutOf(plot.layout, chart, state.types, data), config);
    if (!shown.has(chart)) chart.on("plotly_relayout", () => tickAgain(chart));
    shown.set(chart, show);
  }
  // after a zoom
  function tickAgain(chart) {
    const changed = {};
    for (const name of ["xaxis", "yaxis"]) {
      const axis = chart.layout[name];
      if (axis.type !== "log" || !axis.range) continue;
      const across = name === "xaxis";
      const step = stepOf(10 ** axis.range[0], 10 ** axis.range[1], lengthOf(chart, across), across);
      if (step !== axis.dtick) changed[name + ".dtick"] = step === undefined ? null : step;
    }
    if (Object.keys(changed).length) Plotly.relayout(chart, changed);
  }

  all(document, ".chart[data-plot]").forEach((chart) => {
    const plot = numbers.plots[chart.dataset.plot];
    const types = ["xaxis", "yaxis"].map((name) => plot.layout[name].type);
    chart.state = {types: types, hidden: new Set(), spread: "range"};
    all(chart.closest(".plot"), "button[data-axis]").forEach((button) => {
      button.addEventListener("click", () => {
        const axis = Number(button.dataset.axis);
        const log = chart.state.types[axis] !== "log";
        chart.state.types[axis] = log ? "log" : "linear";
        button.setAttribute("aria-pressed", String(log));
        show(chart);
      });
    });
  });

  all(document, "button[data-group]").forEach((button) => {
    button.addEventListener("click", () => {
      const on = button.getAttribute("aria-pressed") !== "true";
      button.setAttribute("aria-pressed", String(on));
      all(button.closest(".plot, .figure"), ".chart[data-plot]").forEach((chart) => {
        // a curve without a name goes with the curves of its colour
        for (const group of [button.dataset.group, button.dataset.group.split(" ")[0]]) {
          if (on) chart.state.hidden.delete(group); else chart.state.hidden.add(group);
        }
        show(chart);
      });
    });
  });

  all(document, "select[data-spread]").forEach((select) => {
    select.addEventListener("change", () => {
      all(select.closest(".figure"), ".chart[data-plot]").forEach((chart) => {
        chart.state.spread = select.value;
        show(chart);
      });
    });
  });

  // ---- particles
  function bytes(text) {
    const raw = atob(text);
    return Uint8Array.from(raw, (letter) => letter.charCodeAt(0)).buffer;
  }

  function film(section) {
    const held = numbers.films[section.dataset.film];
    const chart = section.querySelector(".chart");
    const slider = section.querySelector("input[type=range]");
    const play = section.querySelector("button[data-play]");
    const said = section.querySelector("output");
    const start = section.querySelector("input[type=checkbox]");
    const axes = all(section, "select[data-axis]");
    const places = new Uint16Array(bytes(held.places));
    const masses = new Float32Array(bytes(held.masses));
    const count = held.particles.length;
    const moving = masses.length > count;
    const heaviest = masses.reduce((most, mass) => Math.max(most, mass), 0) || 1;
    const widest = Math.min(30, 7 * Math.sqrt(Math.max(1, heaviest * count)));
    let timer = null;

    function values(frame, axis) {
      const from = (frame * held.axes.length + axis) * count;
      return Array.from(places.subarray(from, from + count), (place) => held.low[axis] + place / 65535 * held.width[axis]);
    }
    function massesOf(frame) {
      return Array.from(moving ? masses.subarray(frame * count, (frame + 1) * count) : masses);
    }
    function range(axis) {
      const pad = 0.06 * held.width[axis];
      return [held.low[axis] - pad, held.low[axis] + held.width[axis] + pad];
    }
    const sizes = (some) => some.map((mass) => Math.max(3, widest * Math.sqrt(mass / heaviest)));

    function draw() {
      if (!chart.clientWidth) return;
      const frame = Number(slider.value);
      const [x, y] = axes.map((select) => Number(select.value));
      const [x0, y0, x1, y1] = [values(0, x), values(0, y), values(frame, x), values(frame, y)];
      const now = massesOf(frame);
      const data = [];
      if (start.checked) {
        const between = [[], []];
        x0.forEach((_, j) => { between[0].push(x0[j], x1[j], null); between[1].push(y0[j], y1[j], null); });
        data.push({type: "scatter", mode: "lines", x: between[0], y: between[1], hoverinfo: "skip",
          line: {color: css("--accent"), width: 0.6}, opacity: 0.45});
        data.push({type: "scatter", mode: "markers", x: x0, y: y0, hoverinfo: "skip",
          marker: {color: css("--start"), size: sizes(massesOf(0)), line: {width: 0}}, opacity: 0.7});
      }
      data.push({type: "scatter", mode: "markers", x: x1, y: y1, name: "",
        customdata: now.map((mass, j) => [held.particles[j], mass]),
        hovertemplate: "particle %{customdata[0]}, mass %{customdata[1]:.3g}<br>%{x:.4g}, %{y:.4g}<extra></extra>",
        marker: {color: css("--accent"), size: sizes(now), line: {color: css("--paper"), width: 0.7}}, opacity: 0.8});
      const alike = held.alike[x] === held.alike[y];
      const layout = layoutOf({xaxis: {range: range(x), title: {text: held.names[x]}},
        yaxis: Object.assign({range: range(y), title: {text: held.names[y]}}, alike ? {scaleanchor: "x"} : {})},
        chart, ["linear", "linear"], data);
      layout.uirevision = [x, y].join();
      Plotly.react(chart, data, layout, config);
      shown.set(chart, draw);
      const time = "time " + Number(held.times[frame].toPrecision(4));
      said.textContent = time + ", " + (frame + 1) + " of " + held.times.length;
      slider.setAttribute("aria-valuetext", time);
    }
    function stop() {
      clearInterval(timer);
      timer = null;
      play.textContent = "Play";
    }
    play.addEventListener("click", () => {
      if (timer !== null) return stop();
      if (Number(slider.value) >= Number(slider.max)) slider.value = 0;
      play.textContent = "Pause";
      draw();
      timer = setInterval(() => {
        slider.value = Number(slider.value) + 1;
        draw();
        if (Number(slider.value) >= Number(slider.max)) stop();
      }, Math.max(80, 4000 / held.times.length));
    });
    slider.addEventListener("input", () => { stop(); draw(); });
    [...axes, start].forEach((each) => each.addEventListener("change", draw));
    chart.draw = draw;
  }
  all(document, ".film").forEach(film);

  // ---- tables
  function sort(button) {
    const head = button.closest("th");
    const table = head.closest("table");
    const column = all(head.parentNode, "th").indexOf(head);
    const up = head.getAttribute("aria-sort") !== "ascending";
    all(table, "th[aria-sort]").forEach((other) => other.setAttribute("aria-sort", "none"));
    head.setAttribute("aria-sort", up ? "ascending" : "descending");
    const key = (row) => {
      const text = row.cells[column].dataset.key;
      const number = Number(text);
      return text === "" ? null : Number.isNaN(number) ? text : number;
    };
    const order = (a, b) => {
      if (a === null || b === null) return (a === null) - (b === null);  // cells without a number come last
      const way = typeof a === "number" && typeof b === "number" ? a - b
        : String(a).localeCompare(String(b), "en", {numeric: true});
      return up ? way : -way;
    };
    const body = table.tBodies[0];
    const rows = Array.from(body.rows);
    rows.sort((a, b) => order(key(a), key(b)));
    rows.forEach((row) => body.appendChild(row));
  }
  all(document, "th button").forEach((button) => button.addEventListener("click", () => sort(button)));

  all(document, "button[data-verdict]").forEach((button) => {
    button.addEventListener("click", () => {
      const claims = button.closest(".claims");
      all(claims, "button[data-verdict]").forEach((other) => other.setAttribute("aria-pressed", String(other === button)));
      const rows = all(claims, "tbody tr");
      rows.forEach((row) => { row.hidden = !["all", row.dataset.verdict].includes(button.dataset.verdict); });
      const left = rows.filter((row) => !row.hidden).length;
      claims.querySelector("[role=status]").textContent = left + " of " + rows.length + " shown";
    });
  });

  // ---- when to draw
  const draw = (chart) => (chart.draw || (() => show(chart)))();
  const charts = all(document, ".chart");
  const watching = new IntersectionObserver((entries) => entries.forEach((entry) => {
    if (entry.isIntersecting && !shown.has(entry.target)) draw(entry.target);
  }), {rootMargin: "400px"});
  charts.forEach((chart) => watching.observe(chart));
  const again = () => shown.forEach((drawing, chart) => drawing(chart));
  let soon = null;
  window.addEventListener("resize", () => { clearTimeout(soon); soon = setTimeout(again, 100); });
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
  window.addEventListener("beforeprint", () => {
    root.classList.add("printing");
    all(document, "details").forEach((part) => { part.wasOpen = part.open; part.open = true; });
    charts.forEach(draw);
  });
  window.addEventListener("afterprint", () => {
    root.classList.remove("printing");
    all(document, "details").forEach((part) => { part.open = part.wasOpen; });
    again();
  });
})();
