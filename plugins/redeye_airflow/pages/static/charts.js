// Charts by uPlot from the numbers that a page carries in `data-chart`: hover, arrow keys, thresholds, marks.
"use strict";
(function () {
  const DAY = 86400;
  const FONT = "12px Inter, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif";
  const FEW_NIGHTS = 4;
  const ROWS_OF_MARKS = 3;
  const drawn = new WeakMap();

  function color(name) { return getComputedStyle(document.documentElement).getPropertyValue(name).trim(); }

  function nightAxis(data) {
    const days = [1, 2, 3, 4, 7, 14, 30, 61, 91, 182, 365, 730].map(function (n) { return n * DAY; });
    const rest = [null, null, null, null, null, 1];
    const axis = {
      space: 64,
      incrs: days,
      values: [
        [365 * DAY, "{YYYY}", null].concat(rest),
        [28 * DAY, "{MMM}", "\n{YYYY}"].concat(rest),
        [DAY, "{D} {MMM}", "\n{YYYY}"].concat(rest),
      ],
    };
    // Of few nights only those that were measured, not days around them.
    if (data.x.length <= FEW_NIGHTS) { axis.splits = function () { return data.x; }; }
    return axis;
  }

  function tickAxis(ticks, title) {
    const axis = {
      splits: function () { return ticks.map(function (tick) { return tick[0]; }); },
      values: function () { return ticks.map(function (tick) { return tick[1]; }); },
    };
    if (title) { Object.assign(axis, { label: title, labelFont: FONT, labelSize: 20 }); }
    return axis;
  }

  function paintThreshold(chart, index) {
    const ctx = chart.ctx, box = chart.bbox, values = chart.data[index];
    ctx.save();
    ctx.fillStyle = color("--bad");
    ctx.globalAlpha = 0.12;
    chart.data[0].forEach(function (x, i) {
      if (values[i] === null) { return; }
      // Each night's band reaches half-way to its neighbours.
      const at = function (n) { return chart.valToPos(chart.data[0][n], "x", true); };
      const left = i ? (at(i - 1) + at(i)) / 2 : box.left;
      const right = i + 1 < values.length ? (at(i) + at(i + 1)) / 2 : box.left + box.width;
      ctx.fillRect(left, box.top, right - left, Math.max(0, chart.valToPos(values[i], "y", true) - box.top));
    });
    ctx.restore();
  }

  function paintMarks(chart, marks) {
    const ctx = chart.ctx, box = chart.bbox, ratio = uPlot.pxRatio;
    ctx.save();
    ctx.font = FONT.replace("12px", 12 * ratio + "px");
    ctx.lineWidth = 1.5 * ratio;
    ctx.strokeStyle = color("--mark");
    ctx.fillStyle = color("--fg");
    marks.forEach(function (mark, i) {
      const x = chart.valToPos(mark.x, "x", true);
      // The first stands highest, so that no line crosses a text beside it.
      const rows = Math.min(ROWS_OF_MARKS, marks.length);
      const top = box.top - ratio * (4 + 14 * (rows - 1 - i % rows));
      ctx.beginPath();
      ctx.moveTo(x, top);
      ctx.lineTo(x, box.top + box.height);
      ctx.stroke();
      const fits = x + ctx.measureText(mark.text).width + 4 * ratio < ctx.canvas.width;
      ctx.textAlign = fits ? "left" : "right";
      ctx.fillText(mark.text, x + (fits ? 4 : -4) * ratio, top);
    });
    ctx.restore();
  }

  function makeSeries(each, i) {
    const isBound = each.isThreshold || each.isReference;
    const stroke = color(each.isThreshold ? "--bad" : each.isReference ? "--quiet" : "--series-" + (i + 1));
    return {
      label: each.name,
      stroke: stroke,
      width: isBound ? 1.5 : 2,
      dash: isBound ? [4, 4] : i ? [8, 3] : undefined,
      points: { show: !isBound && each.values.length < 90, size: 6, fill: stroke },
      value: function (chart, raw, series, at) { return at === null ? "–" : each.texts[at]; },
    };
  }

  function draw(holder, width) {
    const data = JSON.parse(holder.dataset.chart);
    const rows = Math.min(ROWS_OF_MARKS, data.marks.length);
    const first = data.x[0], last = data.x[data.x.length - 1];
    const beside = data.isTime ? Math.max(DAY / 2, (last - first) / 50) : 0;
    const ends = [data.ticks[0][0], data.ticks[data.ticks.length - 1][0]];
    const style = { font: FONT, stroke: color("--quiet"), grid: { stroke: color("--line"), width: 1 }, ticks: { show: false } };
    const known = data.x.map(function (x, i) { return i; }).filter(function (i) {
      return data.series.some(function (each) { return !each.isReference && each.values[i] !== null; });
    });
    const newest = known[known.length - 1];
    const widest = Math.max.apply(null, data.ticks.map(function (tick) { return tick[1].length; }));
    const chart = new uPlot({
      width: width,
      height: holder.classList.contains("small") ? 120 : data.isTime ? 200 : 280,
      padding: [rows ? 8 + 14 * rows : 10, 12, 0, 0],
      tzDate: function (seconds) { return uPlot.tzDate(new Date(1000 * seconds), "Etc/UTC"); },
      scales: {
        x: { time: data.isTime, range: function () { return [first - beside, last + beside]; } },
        y: { range: function () { return ends; } },
      },
      series: [
        { label: data.xTitle, value: function (chart, raw, series, at) { return at === null ? "–" : data.xTexts[at]; } },
      ].concat(data.series.map(makeSeries)),
      axes: [
        Object.assign({ size: data.isTime ? 42 : 26 }, style, data.isTime ? nightAxis(data) : tickAxis(data.xTicks, data.xTitle)),
        Object.assign({ size: 16 + 7 * widest }, style, tickAxis(data.ticks, data.yTitle)),
      ],
      cursor: { y: false, drag: { x: false, y: false } },
      hooks: {
        drawClear: [function (chart) {
          data.series.forEach(function (each, i) { if (each.isThreshold) { paintThreshold(chart, i + 1); } });
        }],
        draw: [function (chart) { paintMarks(chart, data.marks); }],
        // While nothing is pointed at, the newest values stand below the chart.
        setCursor: [function (chart) { if (chart.cursor.idx === null) { chart.setLegend({ idx: newest }); } }],
      },
    }, [data.x].concat(data.series.map(function (each) { return each.values; })), holder);
    chart.setLegend({ idx: newest });
    drawn.set(holder, { chart: chart, data: data, known: known, at: -1 });
  }

  function redraw(holder, width) {
    const before = drawn.get(holder);
    if (before) { before.chart.destroy(); }
    drawn.set(holder, null);
    if (width > 0) { draw(holder, width); }
  }

  const sizes = new ResizeObserver(function (seen) {
    seen.forEach(function (each) {
      const width = Math.floor(each.contentRect.width), own = drawn.get(each.target);
      if (!own) { if (width > 0) { draw(each.target, width); } return; }
      if (width > 0 && own.chart.width !== width) { own.chart.setSize({ width: width, height: own.chart.height }); }
    });
  });

  function readOut(own) {
    const i = own.known[own.at];
    const values = own.data.series.map(function (each) { return each.name + " " + each.texts[i]; });
    const marks = own.data.marks.filter(function (mark) { return mark.x === own.data.x[i]; }).map(function (mark) { return mark.text; });
    return own.data.xTexts[i] + ": " + values.concat(marks).join(", ");
  }

  function move(event) {
    const holder = event.target, own = drawn.get(holder);
    const steps = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity };
    if (!own || !(event.key in steps)) { return; }
    event.preventDefault();
    const from = own.at < 0 ? own.known.length - (event.key === "ArrowLeft" ? 0 : 1) : own.at;
    own.at = Math.min(own.known.length - 1, Math.max(0, from + steps[event.key]));
    const x = own.data.x[own.known[own.at]];
    own.chart.setCursor({ left: own.chart.valToPos(x, "x"), top: 1 });
    holder.nextElementSibling.textContent = readOut(own);
  }

  function watch() {
    document.querySelectorAll("[data-chart]").forEach(function (holder) {
      if (drawn.has(holder)) { return; }
      drawn.set(holder, null);
      holder.tabIndex = 0;
      holder.setAttribute("aria-keyshortcuts", "ArrowLeft ArrowRight Home End");
      holder.addEventListener("keydown", move);
      sizes.observe(holder);
    });
  }

  document.addEventListener("DOMContentLoaded", function () {
    watch();
    // Parts of a page come later.
    new MutationObserver(watch).observe(document.body, { childList: true, subtree: true });
    new MutationObserver(function () {
      document.querySelectorAll("[data-chart]").forEach(function (holder) { redraw(holder, holder.clientWidth); });
    }).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  });
})();
