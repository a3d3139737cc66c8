
"use strict";
// The page kit. A page's own script comes after it, and finds all of this as `kit`.
const kit = (() => {
  const byId = (id) => document.getElementById(id);
  const data = JSON.parse(byId("data").textContent);

  // --- elements ------------------------------------------------------------------------------------------------
  // Everything goes onto the page as text: nothing here parses markup.
  function h(tag, attributes, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (typeof value === "function") node.addEventListener(name.slice(2), value);
      else if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : value);
    }
    return fill(node, ...children);
  }
  function fill(node, ...children) {
    node.replaceChildren(...children.flat(9).filter((child) => child !== null && child !== undefined && child !== false)
      .map((child) => child instanceof Node ? child : document.createTextNode(String(child))));
    return node;
  }

  // --- texts ---------------------------------------------------------------------------------------------------
  // Characters that would turn the reading direction, or show as nothing, are named instead.
  const HIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]|\udb40[\udc00-\udfff]/g;
  const named = (character) => "\u27e8U+" + character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0") + "\u27e9";
  const plain = (text) => String(text).replace(HIDDEN, named);
  const show = (value) => value === null || value === undefined ? "none" : plain(value);
  const count = (n) => n.toLocaleString("en-US");
  const plural = (n, word) => count(n) + " " + word + (n === 1 ? "" : "s");
  const share = (part, whole) => whole ? (part / whole * 100).toFixed(part && part / whole < 0.1 ? 1 : 0) + " %" : "";
  function duration(hours) {
    const seconds = hours * 3600;
    if (seconds < 100) return Math.round(seconds) + " s";
    return seconds < 5400 ? Math.round(seconds / 60) + " min" : hours.toFixed(1) + " h";
  }
  // `seconds` since 1970; a year that no calendar has is shown as a number.
  function moment(seconds) {
    const date = new Date(seconds * 1000);
    return Number.isNaN(date.getTime()) ? String(seconds) : date.toISOString().slice(0, 16).replace("T", " ") + " UTC";
  }

  // --- state -----------------------------------------------------------------------------------------------------
  // What a person has chosen stands in the address, behind `#/`: names and texts. So a link shows a view, and
  // the browser's back and forward work. Parts of the page watch the names that they show.
  const state = (() => {
    const watchers = [];
    let current = read(), typing = null;
    function read() { return new Map(new URLSearchParams(location.hash.replace(/^#\/?/, ""))); }
    function written(values) {
      return "#/" + new URLSearchParams([...values].filter(([, value]) => value !== "" && value !== null && value !== undefined));
    }
    const get = (name) => current.get(name) || "";
    // Text that is being typed makes one step of the history, not one for each letter.
    function set(changes, typed) {
      const address = written(new Map([...current, ...Object.entries(changes)]));
      if (address !== written(current)) history[typed && typed === typing ? "replaceState" : "pushState"](null, "", address);
      typing = typed || null;
      follow();
    }
    function follow() {
      const before = current;
      current = read();
      for (const [names, act] of watchers)
        if (names.some((name) => (before.get(name) || "") !== get(name))) act();
    }
    addEventListener("popstate", () => { typing = null; follow(); });
    function watch(names, act) { watchers.push([names, act]); act(); }
    // A link shows only what it names; followed on the page, it keeps the rest unless `alone`.
    function link(values, text, attributes) {
      return h("a", { href: written(Object.entries(values)), ...attributes, onclick: (event) => {
        if (event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
        event.preventDefault();
        set(values);
        if (values.at) goTo(values.at);
      } }, text);
    }
    return { get, set, watch, link };
  })();
  // A section of the page: `#/at=ID` leads to it.
  function goTo(id) {
    const heading = document.querySelector("#h-" + CSS.escape(id));
    if (!heading) return;
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
    heading.scrollIntoView({ block: "start" });
  }

  // --- theme -----------------------------------------------------------------------------------------------------
  function theme(button) {
    const THEMES = ["auto", "light", "dark"];
    let at = 0;
    function draw() {
      const name = THEMES[at];
      if (name === "auto") delete document.documentElement.dataset.theme; else document.documentElement.dataset.theme = name;
      button.textContent = "Theme: " + name;
      button.setAttribute("aria-label", "Theme: " + (name === "auto" ? "auto, as the system" : name) + ". Switch");
    }
    button.addEventListener("click", () => { at = (at + 1) % THEMES.length; draw(); });
    draw();
  }

  // --- print -----------------------------------------------------------------------------------------------------
  // Whether the page is being printed; parts that look different on paper watch it.
  const printing = (() => {
    const paper = matchMedia("print"), watchers = [];
    let now = paper.matches;
    function turn(on) { if (on !== now) { now = on; for (const act of watchers) act(); } }
    paper.addEventListener("change", () => turn(paper.matches));
    addEventListener("beforeprint", () => turn(true));
    addEventListener("afterprint", () => turn(false));
    return { now: () => now, watch: (act) => { watchers.push(act); if (now) act(); } };
  })();

  // --- controls ----------------------------------------------------------------------------------------------------
  const field = (name, control, kind) => h("div", { class: "field" + (kind || "") }, h("label", { for: control.id }, name), control);
  // A search box for the name `key` of the state; `fixed` is set beside it.
  function search(key, title, placeholder, fixed) {
    let timer = 0;
    const box = h("input", { type: "search", id: key + "-search", placeholder, autocomplete: "off", spellcheck: "false", oninput: () => {
      clearTimeout(timer);
      timer = setTimeout(() => state.set({ ...fixed, [key]: box.value.trim() }, key), 120);
    } });
    state.watch([key], () => { if (box.value.trim() !== state.get(key)) box.value = state.get(key); });
    return field(title, box, " grow");
  }
  // A choice for the name `key` of the state; options are [value, text].
  function choice(key, title, options, all, fixed) {
    const box = h("select", { id: key + "-choice", onchange: () => state.set({ ...fixed, [key]: box.value }) },
      [["", all], ...options].map(([value, text]) => h("option", { value }, plain(text))));
    state.watch([key], () => {
      const wanted = state.get(key);
      if (![...box.options].some((option) => option.value === wanted)) box.append(h("option", { value: wanted }, plain(wanted)));
      box.value = wanted;
    });
    return field(title, box);
  }
  // Every word has to be found.
  const words = (text) => text.toLowerCase().split(/\s+/).filter(Boolean);

  // --- charts ----------------------------------------------------------------------------------------------------
  function track(share, kind, thin) {
    const bar = h("span", { class: kind });
    bar.style.width = Math.max(0, Math.min(100, share * 100)) + "%";
    return h("div", { class: thin ? "track thin" : "track", "aria-hidden": "true" }, share > 0 ? bar : null);
  }

  // --- tables ----------------------------------------------------------------------------------------------------
  // columns: {key, title, number?, wide?, value?(row), cell?(row)}; the first one heads the row. With `key` (of the state,
  // for the order and the page), rows can be any number: one page of them is drawn; on paper, the first `printed` rows.
  const collator = new Intl.Collator("en", { numeric: true });
  const PAGE = 50;
  function table(caption, columns, { rows = [], sorted = "", empty = "Nothing.", key = "", fixed = {}, printed = 0 } = {}) {
    const body = h("tbody");
    let local = sorted, shown = rows, drawn = [];
    const [orderName, pageName] = [key + "-sort", key + "-page"];
    const order = () => (key && state.get(orderName)) || local;
    const asc = (column) => column.number ? "-" + column.key : column.key;
    function turn(column) {
      const wanted = order() === asc(column) ? (column.number ? column.key : "-" + column.key) : asc(column);
      if (key) state.set({ ...fixed, [orderName]: wanted, [pageName]: "" }); else { local = wanted; arrange(); }
    }
    const heads = columns.map((column) => h("th", { scope: "col", class: column.number ? "num" : null },
      column.value ? h("button", { type: "button", onclick: () => turn(column) }, column.title) : column.title));
    const step = (text, by) => h("button", { type: "button", class: "quiet", onclick: (event) => {
      if (event.target.getAttribute("aria-disabled") !== "true") state.set({ ...fixed, [pageName]: String(page() + by) });
    } }, text);
    const pages = () => Math.max(1, Math.ceil(shown.length / PAGE));
    const page = () => key ? Math.min(pages(), Math.max(1, parseInt(state.get(pageName), 10) || 1)) : 1;
    const [back, on, place] = [step("Previous", -1), step("Next", 1), h("span", { class: "muted" })];
    const pager = h("nav", { class: "pager", "aria-label": "Pages of: " + caption }, back, place, on);
    function arrange() {
      const [, down, name] = /^(-?)(.*)$/.exec(order());
      const column = columns.find((one) => one.key === name && one.value);
      heads.forEach((head, at) => columns[at] === column ? head.setAttribute("aria-sort", down ? "descending" : "ascending") : head.removeAttribute("aria-sort"));
      drawn = column ? inOrder(shown, column.value, Boolean(down)) : shown;
      draw();
    }
    function draw() {
      const whole = printed && printing.now();
      const first = key && !whole ? (page() - 1) * PAGE : 0;
      const some = key ? drawn.slice(first, first + (whole ? printed : PAGE)) : drawn;
      fill(body, some.length ? Array.from(some, line) : h("tr", {}, h("td", { colspan: columns.length, class: "empty" }, empty)));
      pager.hidden = some.length === drawn.length;
      place.textContent = count(first + 1) + " to " + count(first + some.length) + " of " + count(drawn.length);
      back.setAttribute("aria-disabled", String(page() === 1));
      on.setAttribute("aria-disabled", String(page() === pages()));
    }
    function line(row) {
      return h("tr", {}, columns.map((column, at) => {
        const value = column.cell ? column.cell(row) : column.number ? (column.value(row) ? count(column.value(row)) : "\u2013") : plain(column.value(row));
        if (at === 0) return h("th", { scope: "row" }, value);
        const none = column.number ? !column.value(row) : value === "\u2013";
        return h("td", { class: [column.number && "num", column.wide && "wide", none && "zero"].filter(Boolean).join(" ") || null, "data-label": column.title }, value);
      }));
    }
    if (key) { state.watch([orderName], arrange); state.watch([pageName], draw); } else arrange();
    if (printed) printing.watch(draw);
    const region = h("div", { class: "scroll", role: "region", tabindex: "0", "aria-label": caption },
      h("table", { class: "stack" }, h("caption", { class: "sr" }, caption), h("thead", {}, h("tr", {}, heads)), body));
    return { node: h("div", {}, region, pager), show: (some) => { shown = some; arrange(); }, rows: () => drawn };
  }
  // Rows with equal values keep their order, in both directions.
  function inOrder(rows, value, down) {
    const values = Array.from(rows, value);
    const distinct = [...new Set(values)].sort((a, b) => typeof a === "number" && typeof b === "number" ? a - b : collator.compare(a, b));
    const rank = new Map(distinct.map((one, at) => [one, at]));
    const ranks = values.map((one) => rank.get(one));
    const at = Array.from(values.keys()).sort((a, b) => (down ? ranks[b] - ranks[a] : ranks[a] - ranks[b]) || a - b);
    return at.map((index) => rows[index]);
  }

  // --- tabs ------------------------------------------------------------------------------------------------------
  // tabs: [value, title, panel()]; the first is shown unless the state names another.
  function tabs(key, label, all, fixed) {
    const panel = h("div", { role: "tabpanel", id: key + "-panel", tabindex: "0" });
    const choose = (at) => state.set({ ...fixed, [key]: at ? all[at][0] : "" });
    const buttons = all.map(([value, title], at) => h("button", { type: "button", role: "tab", id: key + "-" + value, "aria-controls": panel.id, onclick: () => choose(at) }, title));
    const list = h("div", { class: "tabs", role: "tablist", "aria-label": label }, buttons);
    list.addEventListener("keydown", (event) => {
      const at = buttons.indexOf(document.activeElement);
      const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: all.length - 1 }[event.key];
      if (to === undefined || at < 0) return;
      event.preventDefault();
      const next = (to + all.length) % all.length;
      choose(next);
      buttons[next].focus();
    });
    state.watch([key], () => {
      const at = Math.max(0, all.findIndex(([value]) => value === state.get(key)));
      buttons.forEach((button, index) => { button.setAttribute("aria-selected", String(index === at)); button.tabIndex = index === at ? 0 : -1; });
      panel.setAttribute("aria-labelledby", buttons[at].id);
      fill(panel, all[at][2]());
    });
    return [list, panel];
  }

  // --- dialog ------------------------------------------------------------------------------------------------------
  // One dialog for all details. `kinds`: for a name of the state, what shows its value: [title, contents].
  function dialogs(kinds) {
    const dialog = byId("detail");
    const names = Object.keys(kinds);
    const none = Object.fromEntries(names.map((name) => [name, ""]));
    let wanted = "";
    dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
    dialog.addEventListener("close", () => { if (wanted) state.set(none); });
    state.watch(names, () => {
      const name = names.find((one) => state.get(one));
      wanted = name || "";
      if (!name) { if (dialog.open) dialog.close(); return; }
      const [title, contents] = kinds[name](state.get(name));
      fill(dialog,
        h("div", { class: "dialog-head" }, h("h2", { id: "detail-title" }, title),
          h("button", { type: "button", class: "quiet", autofocus: true, onclick: () => dialog.close() }, "Close")),
        h("div", { class: "dialog-body" }, contents));
      if (!dialog.open) dialog.showModal();
      dialog.scrollTop = 0;
    });
  }
  // A list of names and values; those without a value are left out.
  const facts = (pairs) => h("dl", { class: "facts" }, pairs.filter(([, value]) => value !== null && value !== undefined && value !== "")
    .map(([name, value]) => [h("dt", {}, name), h("dd", {}, typeof value === "string" || typeof value === "number" ? plain(value) : value)]));

  // --- large tables of texts ---------------------------------------------------------------------------------------
  // What `hubtriage.pages.columns` writes: tables with the same columns are read as one. A column is divided into
  // parts, each with distinct values and their numbers by row.
  function columnsOf(tables) {
    const rows = tables.reduce((sum, one) => sum + one.rows, 0);
    const read = {};
    for (const name of Object.keys(tables[0].columns)) read[name] = column(tables.map((one) => one.columns[name]));
    return { rows, columns: read };
  }
  function column(sources) {
    const parts = sources[0].map((_, part) => {
      const values = [], at = [];
      for (const source of sources) {
        const offset = values.length;
        for (const value of source[part].values) values.push(value);
        for (const number of source[part].at) at.push(number + offset);
      }
      return { values, at };
    });
    const text = parts.length === 1 ? (row) => parts[0].values[parts[0].at[row]]
      : (row) => parts.map((part) => part.values[part.at[row]]).join("");
    let lower = null;
    const finds = parts.length === 1
      ? (word) => { const hits = parts[0].values.map((value) => value.toLowerCase().includes(word)); return (row) => hits[parts[0].at[row]]; }
      : (word) => { lower = lower || parts[0].at.map((_, row) => text(row).toLowerCase()); return (row) => lower[row].includes(word); };
    return { text, finds };
  }
  // The rows in which every word is in some column; `aliases` are functions like a column's `finds`.
  function found(rows, finders, text) {
    return words(text).reduce((left, word) => {
      const tests = finders.map((finds) => finds(word));
      return left.filter((row) => tests.some((test) => test(row)));
    }, rows);
  }

  return { byId, data, h, fill, plain, show, count, plural, share, duration, moment, state, goTo, theme, printing, field, search, choice, words, track,
    table, tabs, dialogs, facts, columnsOf, found };
})();
