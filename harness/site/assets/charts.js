// Draws charts of points anew with Observable Plot (plot.js, on d3.js), so that they can be pointed at, zoomed, walked by
// keyboard and filtered with the tables. Without scripts and on paper the pictures in the page are complete.
"use strict";

{
  const MOST_LABELS = 25;
  const CROWDED = 40; // from so many points on, error bars are faint
  const DAY = 864e5;
  const SIDES = { left: 56, right: 16, top: 30, bottom: 42 };
  const HINT = "Point at a dot for its values; Ctrl and the wheel zoom.";
  const KEYS = "Arrow keys go from point to point, Enter opens a report, plus and minus zoom, 0 shows all.";

  const numbers = (text) => text.split(" ").map(Number);
  const made = (name, attributes, text = "") => {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.textContent = text;
    return element;
  };

  // what the picture in the page was drawn from
  function readChart(picture) {
    const { scale, xName, yName, steps, level } = picture.dataset;
    const position = scale === "time" ? (days) => new Date(days * DAY) : (value) => value;
    const points = [...picture.querySelectorAll("circle[data-name]")].map((circle) => {
      const [x, x1 = x, x2 = x] = numbers(circle.dataset.x);
      const [y, y1 = y, y2 = y] = numbers(circle.dataset.y);
      return {
        name: circle.dataset.name,
        css: circle.classList[1],
        x: position(x), x1: position(x1), x2: position(x2), y, y1, y2,
      };
    });
    return {
      scale, xName, yName, points,
      level: level === "" ? null : Number(level),
      steps: steps.split(";").filter(Boolean).map(numbers).map(([x, y]) => ({ x: position(x), y })),
      title: picture.getAttribute("aria-label"),
      ratio: picture.viewBox.baseVal.height / picture.viewBox.baseVal.width,
    };
  }

  function told(chart, point) {
    const number = d3.format(".4~r");
    const interval = (low, high) => (low === high ? "" : ` (${number(low)} to ${number(high)})`);
    const score = `${chart.yName} ${number(point.y)}${interval(point.y1, point.y2)}`;
    const where =
      chart.scale === "time"
        ? point.x.toISOString().slice(0, 10)
        : `latency ${number(point.x)} ×${interval(point.x1, point.x2)}`;
    return `${point.name}\n${score}\n${where}`;
  }

  // the scales of the whole chart, onto the pixels between the margins
  function wholeScales(chart, width, height) {
    const { points, scale, level } = chart;
    const [first, last] = [d3.min(points, (one) => one.x1), d3.max(points, (one) => one.x2)];
    const x =
      scale === "log"
        ? d3.scaleLog([first / 1.3, last * 1.6], [SIDES.left, width - SIDES.right])
        : d3.scaleUtc([first - 0.04 * (last - first), +last + 0.04 * (last - first)], [SIDES.left, width - SIDES.right]);
    const values = points.flatMap((one) => [one.y1, one.y2]).concat(level ?? []);
    const [low, high] = d3.extent(values);
    const room = 0.06 * (high - low || Math.abs(high) || 1);
    return { x, y: d3.scaleLinear([low - room, high + room], [height - SIDES.bottom, SIDES.top]) };
  }

  function logarithmicTicks([low, high]) {
    const powers = d3.range(Math.floor(Math.log10(low)), Math.ceil(Math.log10(high)) + 1);
    for (const factors of [[1], [1, 3], [1, 2, 5]]) {
      const found = powers.flatMap((power) => factors.map((factor) => factor * 10 ** power));
      const inside = found.filter((tick) => tick >= low && tick <= high);
      if (inside.length >= 3) return inside;
    }
    return d3.ticks(low, high, 5);
  }

  function draw(chart, view, shown, current, width, height) {
    const groups = d3.flatGroup(chart.points, (one) => one.css, (one) => shown(one));
    const labelled = chart.scale === "log" && chart.points.length <= MOST_LABELS;
    const end = { x: view.x.domain()[1], y: chart.steps.at(-1)?.y };
    const front = [...chart.steps, ...(chart.steps.length && end.x > chart.steps.at(-1).x ? [end] : [])];
    const frontal = chart.scale === "log" ? { stroke: "var(--accent)", strokeDasharray: "5 4" } : { stroke: "var(--a)", strokeWidth: 2 };
    const box = { fill: "var(--paper)", stroke: "var(--soft)", fontSize: 12.5, lineHeight: 1.35, textPadding: 10, title: (one) => told(chart, one) };
    const axis = { color: "var(--ink)", fontSize: 12, labelArrow: "none" };
    const bold = { stroke: "var(--ink)", strokeWidth: 1.5, clip: true };
    const crowded = chart.points.length > CROWDED ? 0.45 : 1;
    const chosen = current ? [current] : chart.points;
    const near = current ? (options) => options : (options) => Plot.pointer({ ...options, maxRadius: 40 });
    const svg = Plot.plot({
      width, height, className: "plot",
      marginLeft: SIDES.left, marginRight: SIDES.right, marginTop: SIDES.top, marginBottom: SIDES.bottom,
      x: { type: chart.scale === "log" ? "log" : "utc", domain: view.x.domain() },
      y: { domain: view.y.domain() },
      marks: [
        Plot.gridY({ stroke: "var(--line)", strokeOpacity: 1, ticks: 6 }),
        Plot.axisY({ ...axis, tickSize: 0, ticks: 6, tickFormat: d3.format(".4~r"), label: chart.yName, labelAnchor: "top" }),
        Plot.axisX({
          ...axis, tickSize: 4, label: chart.xName || null, labelAnchor: "right",
          ...(chart.scale === "log"
            ? { ticks: logarithmicTicks(view.x.domain()), tickFormat: d3.format(".4~r") }
            : { ticks: width < 420 ? 3 : 5 }),
        }),
        Plot.frame({ anchor: "bottom", stroke: "var(--soft)" }),
        chart.level === null ? null : Plot.ruleY([chart.level], { stroke: "var(--soft)", strokeDasharray: "5 4", clip: true }),
        Plot.line(front, { x: "x", y: "y", curve: "step-after", clip: true, ...frontal }),
        ...groups.flatMap(([css, visible, points]) => {
          const colour = css === "faint" ? "var(--soft)" : `var(--${css})`;
          const strength = visible ? (css === "faint" ? 0.6 : 1) : 0.12;
          const bars = { stroke: colour, strokeWidth: 2, strokeOpacity: 0.6 * strength * crowded, clip: true };
          return [
            Plot.ruleX(points.filter((one) => one.y1 !== one.y2), { x: "x", y1: "y1", y2: "y2", ...bars }),
            Plot.ruleY(points.filter((one) => one.x1 !== one.x2), { y: "y", x1: "x1", x2: "x2", ...bars }),
            Plot.dot(points, { x: "x", y: "y", r: 4.5, fill: colour, fillOpacity: strength, clip: true }),
          ];
        }),
        Plot.ruleX(chosen, near({ x: "x", y1: "y1", y2: "y2", px: "x", py: "y", ...bold })),
        Plot.ruleY(chosen, near({ y: "y", x1: "x1", x2: "x2", px: "x", py: "y", ...bold })),
        Plot.dot(chosen, near({ x: "x", y: "y", r: 8, ...bold })),
        Plot.tip(chosen, near({ x: "x", y: "y", ...box })),
      ],
    });
    svg.querySelector("style")?.remove(); // the policy of the page allows none; its two rules are in style.css
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", chart.title);
    if (labelled) nameBeside(svg, chart.points.filter(shown), width);
    return svg;
  }

  // names beside their points where they meet no other name and no point
  function nameBeside(svg, points, width) {
    const [x, y] = [svg.scale("x"), svg.scale("y")];
    const places = points.map((one) => [x.apply(one.x), y.apply(one.y)]);
    const inside = ([left, top]) => left >= SIDES.left && left <= width - SIDES.right && top >= SIDES.top && top <= svg.viewBox.baseVal.height - SIDES.bottom;
    const taken = places.map(([left, top]) => [left - 6, top - 6, left + 6, top + 6]);
    const layer = d3.create("svg:g").attr("class", "names");
    points.forEach((point, index) => {
      if (!inside(places[index])) return;
      const whole = point.name.replace(/^reference\//, "");
      const name = whole.length > 20 ? `${whole.slice(0, 19)}…` : whole;
      const size = name.length * 6.6;
      const [left, top] = places[index];
      for (const begin of [left + 9, left - 9 - size]) {
        for (const middle of [top - 10, top + 10, top - 24, top + 24]) {
          const box = [begin, middle - 7, begin + size, middle + 7];
          const meets = (other) => box[0] < other[2] && other[0] < box[2] && box[1] < other[3] && other[1] < box[3];
          if (begin < SIDES.left || box[2] > width || taken.some(meets)) continue;
          taken.push(box);
          layer.append("text").attr("class", "small").attr("x", begin).attr("y", middle + 4).text(name);
          return;
        }
      }
    });
    const tip = svg.querySelector('[aria-label="tip"]');
    if (tip) tip.before(layer.node());
    else svg.append(layer.node());
  }

  function start(picture) {
    const chart = readChart(picture);
    const section = picture.closest("section");
    const rows = new Map();
    const hidden = new Set();
    for (const head of section.querySelectorAll("table.sortable tbody th")) rows.set(head.textContent.trim(), head);
    const shown = (point) => !hidden.has(point.name);
    const ordered = d3.sort(chart.points, (one) => one.x, (one) => one.y);
    const state = { transform: d3.zoomIdentity, current: null, waiting: false };

    const frame = made("div", { class: "drawn", tabindex: "0", role: "application", "aria-roledescription": "chart", "aria-label": `${chart.title}. ${KEYS}` });
    const tools = made("div", { class: "tools" });
    const spoken = made("div", { class: "unseen", "aria-live": "polite" });
    const canvas = made("div", { class: "canvas" });
    frame.append(tools, canvas, spoken);
    picture.before(frame);
    picture.classList.add("paper");

    const size = () => {
      const width = Math.max(280, Math.round(canvas.clientWidth));
      return [width, Math.max(240, Math.round(width * chart.ratio))];
    };
    const redraw = () => {
      if (state.waiting) return;
      state.waiting = true;
      requestAnimationFrame(() => {
        state.waiting = false;
        const [width, height] = size();
        const whole = wholeScales(chart, width, height);
        const view = { x: state.transform.rescaleX(whole.x), y: state.transform.rescaleY(whole.y) };
        canvas.replaceChildren(draw(chart, view, shown, state.current, width, height));
      });
    };

    const zoom = d3.zoom().scaleExtent([1, 50]).on("zoom", ({ transform }) => {
      state.transform = transform;
      frame.classList.toggle("zoomed", transform.k > 1);
      redraw();
    });
    zoom.filter((event) => (event.type === "wheel" ? event.ctrlKey || event.metaKey : event.touches ? event.touches.length > 1 : !event.button));
    const selected = d3.select(canvas).call(zoom).on("dblclick.zoom", null);
    const resized = () => {
      const [width, height] = size();
      const inside = [[SIDES.left, SIDES.top], [width - SIDES.right, height - SIDES.bottom]];
      zoom.extent(inside).translateExtent(inside);
      redraw();
    };
    new ResizeObserver(resized).observe(canvas);
    const scaleBy = (factor) => {
      const [width, height] = size();
      const whole = wholeScales(chart, width, height);
      const at = state.current && [state.transform.applyX(whole.x(state.current.x)), state.transform.applyY(whole.y(state.current.y))];
      selected.call(zoom.scaleBy, factor, at ?? undefined);
    };
    const reset = () => selected.call(zoom.transform, d3.zoomIdentity);

    tools.append(made("span", { class: "note" }, HINT));
    for (const [text, label, act] of [["−", "Zoom out", () => scaleBy(0.5)], ["+", "Zoom in", () => scaleBy(2)], ["all", "Show all points", reset]]) {
      const button = made("button", { type: "button", "aria-label": label, title: label }, text);
      button.addEventListener("click", act);
      tools.append(button);
    }

    const open = (point) => {
      const link = rows.get(point?.name)?.querySelector("a");
      if (link) location.assign(link.href);
    };
    const go = (point) => {
      state.current = point;
      spoken.textContent = point ? told(chart, point).replaceAll("\n", ", ") : "";
      if (point) {
        const [width, height] = size();
        const whole = wholeScales(chart, width, height);
        const [x, y] = [state.transform.applyX(whole.x(point.x)), state.transform.applyY(whole.y(point.y))];
        const outside = x < SIDES.left || x > width - SIDES.right || y < SIDES.top || y > height - SIDES.bottom;
        if (outside) selected.call(zoom.translateTo, whole.x(point.x), whole.y(point.y));
      }
      redraw();
    };
    const step = (by) => {
      const found = ordered.filter(shown);
      const place = found.indexOf(state.current);
      if (found.length) go(found[place < 0 ? (by > 0 ? 0 : found.length - 1) : (place + by + found.length) % found.length]);
    };
    const keys = {
      ArrowRight: () => step(1), ArrowDown: () => step(1), ArrowLeft: () => step(-1), ArrowUp: () => step(-1),
      Enter: () => open(state.current), Escape: () => go(null), "+": () => scaleBy(2), "=": () => scaleBy(2), "-": () => scaleBy(0.5), 0: reset,
    };
    frame.addEventListener("keydown", (event) => {
      if (event.target !== frame || event.ctrlKey || event.metaKey || event.altKey || !(event.key in keys)) return;
      event.preventDefault();
      keys[event.key]();
    });
    frame.addEventListener("blur", () => go(null));
    canvas.addEventListener("pointermove", () => state.current && go(null));
    canvas.addEventListener("click", (event) => event.pointerType === "mouse" && open(canvas.firstChild?.value));

    for (const element of section.querySelectorAll("table.sortable")) {
      const table = new DataTable.Api(element);
      const filter = () => {
        const kept = new Set(table.rows({ search: "applied" }).nodes().toArray());
        for (const row of table.rows().nodes().toArray()) {
          const name = row.querySelector("th").textContent.trim();
          if (kept.has(row)) hidden.delete(name);
          else hidden.add(name);
        }
        redraw();
      };
      table.on("draw", filter);
      filter();
    }
  }

  // a chart is drawn when it comes near the window, so that a long page does not wait for it
  const seen = new IntersectionObserver(
    (entries) => {
      for (const entry of entries.filter((one) => one.isIntersecting)) {
        seen.unobserve(entry.target);
        start(entry.target);
      }
    },
    { rootMargin: "400px" },
  );
  for (const picture of document.querySelectorAll("svg[data-scale]")) seen.observe(picture);
}
