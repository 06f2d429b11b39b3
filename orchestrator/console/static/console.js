// What needs a script: a chart that answers to the pointer, drawn from the table that stands below it. Everything can be read without.
"use strict";
(() => {
  // A legend tells the value that is pointed at, else the latest.
  const colour = (box, n) => getComputedStyle(box.querySelector(".key.c" + n)).getPropertyValue("--c");
  const dates = { incrs: [1, 2, 7, 14, 30, 91, 182, 365].map((days) => days * 86400) };
  const draw = (table) => {
    const box = document.getElementById(table.dataset.chart), curves = box.querySelector("svg"), style = getComputedStyle(document.body);
    const rows = [...table.tBodies[0].rows], heads = [...table.tHead.rows[0].cells].slice(1);
    const days = rows.map((row) => Date.parse(row.cells[0].textContent) / 1000);
    const values = heads.map((_, n) => rows.map((row) => Number(row.cells[n + 1].dataset.value)));
    const axis = { stroke: style.getPropertyValue("--soft"), grid: { stroke: style.getPropertyValue("--line"), width: 1 }, ticks: { show: false } };
    const word = (cell) => (plot, value, series, row) => rows[row ?? rows.length - 1].cells[cell].textContent;
    const series = heads.map((head, n) => ({ label: head.textContent, value: word(n + 1), stroke: colour(box, n), width: 2.5, points: { show: rows.length < 10 } }));
    curves.hidden = true;
    curves.style.display = "none";
    const place = document.createElement("div");
    box.prepend(place);
    const lang = document.documentElement.lang;
    const plot = new uPlot({
      width: box.clientWidth, height: 240, series: [{ label: table.tHead.rows[0].cells[0].textContent, value: word(0) }, ...series],
      padding: [null, 40, null, null], axes: [{ ...axis, ...dates, values: (_, at) => at.map((one) => new Date(one * 1000).toLocaleDateString(lang, { day: "numeric", month: "short", timeZone: "UTC" })) }, { ...axis, size: 60 }],
      scales: { x: { time: true }, y: { range: (_, least, most) => [0, Math.max(4, most * 1.05)] } }, tzDate: (at) => uPlot.tzDate(new Date(at * 1000), "UTC"), cursor: { drag: { x: false, y: false } },
    }, [days, ...values], place);
    box.querySelector(".legend").hidden = true;
    box.querySelector(".legend").style.display = "none";
    addEventListener("resize", () => plot.setSize({ width: box.clientWidth, height: 240 }));
  };
  // A measure over time: its value, the area of its interval, its target. Words of values are those of the table.
  const trend = (table) => {
    const box = document.getElementById(table.dataset.chart), curves = box.querySelector("svg"), style = getComputedStyle(document.body), lang = document.documentElement.lang;
    const rows = [...table.tBodies[0].rows].filter((row) => row.dataset.at), number = (text) => (text === undefined ? null : Number(text));
    const of = (name) => rows.map((row) => number(row.cells[1].dataset[name])), heads = table.tHead.rows[0].cells;
    const aims = ["aim0", "aim1"].filter((name) => name in table.dataset);
    const soft = style.getPropertyValue("--soft"), axis = { stroke: soft, grid: { stroke: style.getPropertyValue("--line"), width: 1 }, ticks: { show: false } };
    const scaled = (values) => values.map((value) => (value === null ? null : value * scale[0]));
    const latest = of("value").findLastIndex((value) => value !== null);
    const cell = (n) => (plot, value, series, row) => rows[row ?? latest].cells[n].textContent;
    const most = Math.max(...of("value").map(Math.abs), ...of("high").map(Math.abs));
    const span = [[86400000, lang === "it" ? " g" : " d"], [3600000, " h"], [60000, " min"]].find(([size]) => most >= size) ?? [1000, " s"];
    const scale = { share: [100, "%"], time: [1 / span[0], span[1]] }[table.dataset.trend] ?? [1, ""];
    const named = (value) => value.toLocaleString(lang, { maximumFractionDigits: 2 }) + scale[1];
    curves.hidden = true;
    curves.style.display = "none";
    const place = document.createElement("div");
    box.prepend(place);
    const ends = { width: 0, stroke: "transparent", points: { show: false } };
    const plot = new uPlot({
      width: box.clientWidth, height: 260,
      series: [
        { label: heads[0].textContent, value: cell(0) }, { label: heads[1].textContent, value: cell(1), stroke: colour(box, 1), width: 2.5, spanGaps: true, points: { show: rows.length < 40, size: 6, fill: colour(box, 1) } },
        { label: heads[2].textContent, value: cell(2), spanGaps: true, ...ends }, { label: heads[3].textContent, value: cell(3), spanGaps: true, ...ends },
        ...aims.map((name) => ({ label: "", value: () => table.dataset[name + "Words"], stroke: colour(box, 2), width: 1.5, dash: [6, 5], points: { show: false } })),
      ],
      bands: [{ series: [2, 3], fill: soft + "33" }, { series: [3, 2], fill: soft + "33" }],
      padding: [null, 40, null, null], axes: [{ ...axis, ...dates, values: (_, at) => at.map((one) => new Date(one * 1000).toLocaleDateString(lang, { day: "numeric", month: "short", year: "2-digit", timeZone: "UTC" })), space: 90 }, { ...axis, size: 70, values: (_, at) => at.map(named) }],
      scales: { x: { time: true }, y: { range: (_, least, most) => [Math.min(0, least * 1.05), Math.max(most * 1.05, 0) || 1] } }, tzDate: (at) => uPlot.tzDate(new Date(at * 1000), "UTC"), cursor: { drag: { x: false, y: false } },
    }, [rows.map((row) => Number(row.dataset.at) / 1000), scaled(of("value")), scaled(of("high")), scaled(of("low")), ...aims.map((name) => scaled(rows.map(() => Number(table.dataset[name]))))], place);
    box.querySelectorAll(".u-legend .u-series").forEach((line, n) => n > 3 && (line.style.display = "none"));
    box.querySelector(".legend").classList.add("drawn-over");
    addEventListener("resize", () => box.isConnected && plot.setSize({ width: box.clientWidth, height: 260 }));
  };
  const ready = () => document.querySelectorAll("table[data-chart]:not([data-drawn])").forEach((one) => {
    if (one.tBodies[0].rows.length > 1 && window.uPlot) {
      one.dataset.drawn = "yes";
      (one.dataset.trend ? trend : draw)(one);
    }
  });
  document.addEventListener("DOMContentLoaded", ready);
  // On a phone the menu is one line: where one is, is in sight.
  document.addEventListener("DOMContentLoaded", () => {
    const here = document.querySelector(".house > nav [aria-current]"), menu = here && here.closest("nav");
    if (menu && menu.scrollWidth > menu.clientWidth) menu.scrollLeft = here.offsetLeft - menu.offsetLeft - (menu.clientWidth - here.offsetWidth) / 2;
  });
  document.addEventListener("htmx:after:swap", ready);
  document.addEventListener("htmx:after:settle", ready);
})();
