
"use strict";
(() => {
  const { report, examples, each } = JSON.parse(document.getElementById("data").textContent);
  const totals = report.totals;
  const byId = (id) => document.getElementById(id);
  const count = (n) => n.toLocaleString("en-US");
  const plural = (n, word) => count(n) + " " + word + (n === 1 ? "" : "s");

  // Everything goes onto the page as text: nothing here ever parses markup.
  function h(tag, attributes, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (name === "onclick" || name === "oninput" || name === "onchange") node.addEventListener(name.slice(2), value);
      else if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : value);
    }
    node.append(...children.flat().filter((child) => child !== null && child !== undefined).map((child) =>
      child instanceof Node ? child : document.createTextNode(String(child))));
    return node;
  }
  const fill = (node, ...children) => { node.replaceChildren(...children.flat().filter(Boolean)); return node; };

  // Characters that would turn the reading direction, or show as nothing, are named instead.
  const HIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;
  const named = (character) => "\u27e8U+" + character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0") + "\u27e9";
  const plain = (text) => String(text).replace(HIDDEN, named);
  const show = (value) => value === null || value === undefined ? "none" : plain(value);

  function track(share, kind, thin) {
    const bar = h("span", { class: kind });
    bar.style.width = Math.max(0, Math.min(100, share * 100)) + "%";
    return h("div", { class: thin ? "track thin" : "track", "aria-hidden": "true" }, bar);
  }
  function duration(hours) {
    const seconds = hours * 3600;
    if (seconds < 100) return Math.round(seconds) + " s";
    return seconds < 5400 ? Math.round(seconds / 60) + " min" : hours.toFixed(1) + " h";
  }
  const share = (part, whole) => whole ? (part / whole * 100).toFixed(part && part / whole < 0.1 ? 1 : 0) + " %" : "";

  const field = (name, control, kind) => h("div", { class: "field" + (kind || "") }, h("label", { for: control.id }, name), control);

  // --- theme ---------------------------------------------------------------------------------------------------
  const THEMES = ["auto", "light", "dark"];
  let theme = 0;
  byId("theme").addEventListener("click", (event) => {
    theme = (theme + 1) % THEMES.length;
    const name = THEMES[theme];
    if (name === "auto") delete document.documentElement.dataset.theme; else document.documentElement.dataset.theme = name;
    event.target.textContent = "Theme: " + name;
    event.target.setAttribute("aria-label", "Theme: " + (name === "auto" ? "auto, as the system" : name) + ". Switch");
  });

  // --- head ----------------------------------------------------------------------------------------------------
  byId("headline").textContent = totals.changed
    ? count(totals.changed) + " of " + plural(totals.findings, "finding") + " would change"
    : "None of " + plural(totals.findings, "finding") + " would change";
  fill(byId("origin"), document.createTextNode(
    plain(report.source.findings) + " \u00b7 rules in " + plain(report.source.rules) + " \u00b7 rule set " + report.ruleset +
    (report.revision ? " at " + report.revision : "") + " \u00b7 as at " + new Date(report.now * 1000).toISOString().slice(0, 16).replace("T", " ") + " UTC"));

  const parts = [
    ["hidden", totals.hidden, "c-hide"], ["changed otherwise", totals.changed - totals.hidden, "c-change"],
    ["only noted on", totals.noted, "c-note"], ["refused", totals.refused, "c-bad"],
    ["undecidable", totals.undecidable, "c-bad"], ["unchanged", totals.unchanged, "c-quiet"],
  ].filter(([, n]) => n);
  fill(byId("split"),
    h("div", { class: "split", role: "img", "aria-label": "What becomes of the findings: " + parts.map(([name, n]) => count(n) + " " + name).join(", ") },
      parts.map(([, n, kind]) => { const part = h("span", { class: kind }); part.style.flex = String(n); return part; })),
    h("ul", { class: "legend" }, parts.map(([name, n, kind]) => h("li", {}, h("i", { class: kind, "aria-hidden": "true" }), count(n) + " " + name))));

  const tile = (name, value, small) => h("div", {}, h("dt", {}, name), h("dd", {}, value, small ? h("small", {}, small) : null));
  const cost = report.cost;
  fill(byId("tiles"),
    tile("Would change", count(totals.changed), share(totals.changed, totals.findings) + " of all"),
    tile("Hidden", count(totals.hidden), "suppressed, resolved or lowered"),
    tile("Taken back", count(totals.taken_back), "what triage did before"),
    tile("Left to people", count(totals.kept), "findings with a field kept"),
    totals.refused ? tile("Refused", count(totals.refused), "the API would not take it") : null,
    totals.undecidable ? tile("Undecidable", count(totals.undecidable), "triage may have changed them while they were read") : null,
    totals.unusable ? tile("Unusable", count(totals.unusable), "no finding in it") : null,
    totals.repeated ? tile("Repeated", count(totals.repeated), "not counted again") : null,
    tile("API calls", count(cost.calls), cost.updates ? plural(cost.findings_per_call, "finding") + " a call" : "nothing to send"),
    tile("Time", duration(cost.hours), "at " + cost.calls_per_second + " calls/s of " + cost.quota_per_second));

  // --- what changes, severity -----------------------------------------------------------------------------------
  const shiftText = (shift) => shift.from === null && shift.to === null ? [] : [show(shift.from), show(shift.to)];
  function shiftLabel(shift) {
    const [from, to] = shiftText(shift);
    return h("span", {}, h("span", { class: "muted" }, plain(shift.field) + " "),
      to === undefined ? "gets another value" : [from, h("span", { class: "arrow" }, " \u2192 "), h("b", {}, to)]);
  }
  const most = Math.max(1, ...report.changes.map((shift) => shift.findings));
  fill(byId("changes"), report.changes.length
    ? h("ul", { class: "rows" }, report.changes.slice(0, 10).map((shift) => h("li", {},
        h("div", { class: "label" }, shiftLabel(shift), h("span", {}, count(shift.findings))),
        track(shift.findings / most, hidesShift(shift) ? "c-hide" : "c-change"))))
    : h("p", { class: "empty" }, "No field of any finding would change."));
  function hidesShift(shift) {
    const ranks = ["INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL"];
    if (shift.field === "Workflow.Status") return shift.to === "SUPPRESSED" || shift.to === "RESOLVED";
    return shift.field === "Severity.Label" && ranks.indexOf(shift.to) < ranks.indexOf(shift.from);
  }

  const moves = report.changes.filter((shift) => shift.field === "Severity.Label");
  const levels = ["CRITICAL", "HIGH", "MEDIUM", "LOW", "INFORMATIONAL"].map((name) => {
    const before = (report.by_severity.find((row) => row.name === name) || { findings: 0 }).findings;
    const sum = (member) => moves.filter((shift) => shift[member] === name).reduce((n, shift) => n + shift.findings, 0);
    return { name, before, after: before - sum("from") + sum("to") };
  });
  const highest = Math.max(1, ...levels.flatMap((level) => [level.before, level.after]));
  fill(byId("severity"),
    h("ul", { class: "rows" }, levels.map((level) => {
      const change = level.after - level.before;
      return h("li", {},
        h("div", { class: "label" }, h("b", {}, level.name), h("span", {}, count(level.before) + " \u2192 " + count(level.after) + " ",
          change ? h("span", { class: change > 0 ? "up" : "down" }, "(" + (change > 0 ? "+" : "\u2212") + count(Math.abs(change)) + ")") : null)),
        track(level.before / highest, "c-quiet", true), track(level.after / highest, "c-change", true));
    })),
    h("ul", { class: "legend" }, h("li", {}, h("i", { class: "c-quiet" }), "before"), h("li", {}, h("i", { class: "c-change" }), "after")));

  // --- tables -----------------------------------------------------------------------------------------------------
  // columns: {key, title, number?, value(row), cell?(row)}; the first one heads the row.
  function table(caption, columns, rows, sorted, empty) {
    let by = sorted, down = true;
    const body = h("tbody");
    const heads = columns.map((column) => h("th", { scope: "col", class: column.number ? "num" : null },
      column.value ? h("button", { type: "button", onclick: () => { down = by === column.key ? !down : Boolean(column.number); by = column.key; draw(); } }, column.title) : column.title));
    const node = h("table", { class: "stack" }, h("caption", { class: "sr" }, caption), h("thead", {}, h("tr", {}, heads)), body);
    let shown = rows;
    function draw() {
      const column = columns.find((one) => one.key === by);
      const sign = down ? -1 : 1;
      const ordered = column ? [...shown].sort((a, b) => {
        const [x, y] = [column.value(a), column.value(b)];
        return sign * (typeof x === "number" ? x - y : String(x).localeCompare(String(y)));
      }) : shown;
      columns.forEach((one, at) => one.key === by ? heads[at].setAttribute("aria-sort", down ? "descending" : "ascending") : heads[at].removeAttribute("aria-sort"));
      fill(body, ordered.length ? ordered.map(line) : h("tr", {}, h("td", { colspan: columns.length, class: "empty" }, empty || "Nothing.")));
    }
    function line(row) {
      return h("tr", {}, columns.map((column, at) => {
        const value = column.cell ? column.cell(row) : column.number ? (column.value(row) ? count(column.value(row)) : "\u2013") : plain(column.value(row));
        if (at === 0) return h("th", { scope: "row" }, value);
        return h("td", { class: column.number ? "num" + (column.value(row) ? "" : " zero") : null, "data-label": column.title }, value);
      }));
    }
    draw();
    return { node: h("div", { class: "scroll", role: "region", tabindex: "0", "aria-label": caption }, node), show: (some) => { shown = some; draw(); } };
  }
  const number = (key, title) => ({ key, title, number: true, value: (row) => row[key] });

  // --- rules ------------------------------------------------------------------------------------------------------
  const widest = Math.max(1, ...report.by_rule.map((row) => row.changed));
  const ruleColumns = [
    { key: "rule", title: "Rule", value: (row) => row.rule, cell: (row) => [
      h("button", { type: "button", class: "link", onclick: () => toFindings({ rule: row.rule }) }, plain(row.rule)),
      row.mode && row.mode !== "enforce" ? [" ", h("span", { class: "badge m" }, row.mode)] : null,
      row.in_force === "no longer" ? [" ", h("span", { class: "badge" }, "expired")] : row.in_force === "not yet" ? [" ", h("span", { class: "badge" }, "not started")] : row.in_force === "not now" ? [" ", h("span", { class: "badge" }, "outside its window")] : null,
      row.description || row.owner ? h("small", {}, plain([row.description, row.owner && "(" + [row.owner, row.ticket].filter(Boolean).join(", ") + ")"].filter(Boolean).join(" "))) : null].flat() },
    { key: "order", title: "Order", number: true, value: (row) => row.order || 0 },
    number("matched", "Matched"),
    { key: "changed", title: "Changed", number: true, value: (row) => row.changed, cell: (row) => row.changed ? [count(row.changed), track(row.changed / widest, "c-change")] : "\u2013" },
    ...[["hidden", "Hidden"], ["taken_back", "Taken back"], ["kept", "Left to people"], ["observed", "Would change"],
      ["above_ceiling", "Above ceiling"], ["stopped", "Stopped before"], ["failed", "Failed"]]
      .filter(([key]) => report.by_rule.some((row) => row[key])).map(([key, title]) => number(key, title)),
  ];
  const rules = table("Rules, and what each does to findings", ruleColumns, report.by_rule, "changed", "No rule like that.");
  const ruleStatus = h("p", { role: "status" });
  const ruleSearch = h("input", { type: "search", id: "rule-search", placeholder: "Name, owner, ticket, description", oninput: () => {
    const wanted = ruleSearch.value.trim().toLowerCase();
    const some = report.by_rule.filter((row) => [row.rule, row.owner, row.ticket, row.description, row.mode].join(" ").toLowerCase().includes(wanted));
    rules.show(some);
    ruleStatus.textContent = plural(some.length, "rule");
  } });
  ruleStatus.textContent = plural(report.by_rule.length, "rule");
  fill(byId("rules"), h("div", { class: "tools" }, field("Search rules", ruleSearch, " grow"), ruleStatus), rules.node);

  // --- where ------------------------------------------------------------------------------------------------------
  const tabs = [["Severity", report.by_severity], ["Account", report.by_account], ["Product", report.by_product]];
  const panel = h("div", { role: "tabpanel", id: "where-panel", tabindex: "0" });
  const tabButtons = tabs.map(([name], at) => h("button", { type: "button", role: "tab", id: "tab-" + at, "aria-controls": "where-panel", onclick: () => choose(at) }, name));
  function choose(at, focus) {
    tabButtons.forEach((button, index) => { button.setAttribute("aria-selected", String(index === at)); button.tabIndex = index === at ? 0 : -1; });
    panel.setAttribute("aria-labelledby", "tab-" + at);
    const [name, rows] = tabs[at];
    const full = Math.max(1, ...rows.map((row) => row.findings));
    fill(panel, table("Findings by " + name.toLowerCase(), [
      { key: "name", title: name, value: (row) => row.name, cell: (row) => [plain(row.name), row.about ? h("small", {}, plain(Object.values(row.about).join(" \u00b7 "))) : null] },
      { key: "findings", title: "Findings", number: true, value: (row) => row.findings, cell: (row) => [count(row.findings), track(row.findings / full, "c-quiet")] },
      { key: "changed", title: "Changed", number: true, value: (row) => row.changed, cell: (row) => row.changed ? [count(row.changed), track(row.changed / full, "c-change")] : "\u2013" },
      number("hidden", "Hidden"), number("taken_back", "Taken back"), number("kept", "Left to people"),
    ], rows, at === 0 ? "" : "changed").node);
    if (focus) tabButtons[at].focus();
  }
  const tabList = h("div", { class: "tabs", role: "tablist", "aria-label": "Group by" }, tabButtons);
  tabList.addEventListener("keydown", (event) => {
    const at = tabButtons.indexOf(document.activeElement);
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step && at >= 0) { event.preventDefault(); choose((at + step + tabs.length) % tabs.length, true); }
  });
  fill(byId("where"), tabList, panel);
  choose(0);

  // --- worth a look -----------------------------------------------------------------------------------------------
  function card(title, text, rows, line) {
    if (!rows.length) return null;
    return h("article", {}, h("h3", {}, title + " (" + count(rows.length) + ")"), h("p", { class: "muted" }, text),
      h("ul", { tabindex: "0", "aria-label": title }, rows.slice(0, 200).map((row) => h("li", {}, line(row)))));
  }
  // How many findings each condition of a rule leaves; behind a word that opens it.
  function funnel(name) {
    const row = report.by_rule.find((one) => one.rule === name);
    if (!row || !row.funnel || !row.funnel.length) return null;
    const of = report.sampled === report.totals.findings ? "all findings" : "a sample of " + plural(report.sampled, "finding");
    return h("details", {}, h("summary", {}, "where the findings go"),
      h("ol", {}, h("li", {}, count(report.sampled), h("span", { class: "muted" }, " \u00b7 " + of)),
        row.funnel.map((stage) => h("li", {}, count(stage.left), " \u00b7 ", h("code", {}, plain(stage.condition))))));
  }
  const times = (n) => h("span", { class: "muted" }, " \u00b7 " + plural(n, "finding"));
  const cards = [
    card("Rules that never match", "Nothing in this input is for them: done with, too early, or a mistake.", report.never,
      (row) => [h("code", {}, plain(row.rule)), h("span", { class: "muted" }, " \u00b7 " + plain(row.why)), funnel(row.rule)]),
    card("Rules that contradict each other", "Both match one finding and want a field differently; the later one wins.", report.conflicts,
      (row) => [h("code", {}, plain(row.winner)), " overrides ", h("code", {}, plain(row.loser)), " on ", plain(row.field), times(row.findings)]),
    card("Left to people", "What somebody set stays; these rules want it otherwise.", report.kept,
      (row) => [plain(row.field), " \u00b7 ", h("code", {}, plain(row.rule || "triage")), h("span", { class: "muted" }, " \u00b7 " + plain(row.why)), times(row.findings)]),
    card("Rules that failed", "A failed rule changes nothing, and what it could set stays as it is.", report.errors,
      (row) => [h("code", {}, plain(row.rule)), " ", plain(row.message), times(row.findings)]),
    card("Refused", "The API would not take these updates.", report.refused, (row) => [plain(row.why), times(row.findings)]),
    card("Undecidable", "Triage may have changed these while they were read; nothing is said of them.", report.undecidable, (row) => [plain(row.why), times(row.findings)]),
    card("Unusable", "In the place of a finding there is something else.", report.unusable,
      (row) => [plain(row.place), h("span", { class: "muted" }, " \u00b7 " + plain(row.reason))]),
  ].filter(Boolean);
  if (cards.length) fill(byId("look"), cards); else byId("look").parentElement.remove();

  // --- findings ---------------------------------------------------------------------------------------------------
  const ROLES = { rule: "changed", "taken back": "taken back", "follows provider": "follows the provider", kept: "left to people",
    observed: "would change (observe)", "above its ceiling": "above the ceiling", failed: "rule failed", refused: "refused" };
  const PAGE = 50;
  let limit = PAGE;
  const search = h("input", { type: "search", id: "finding-search", placeholder: "Title, id, account, control, resource", oninput: again });
  const options = (values, all) => [h("option", { value: "" }, all), ...values.map(([value, text]) => h("option", { value }, plain(text)))];
  const ruleNames = [...new Set(examples.flatMap((one) => one.roles.map(([, rule]) => rule)))].filter(Boolean).sort();
  const ruleChoice = h("select", { id: "rule-choice", onchange: again }, options(ruleNames.map((name) => [name, name]), "All rules"));
  const roleChoice = h("select", { id: "role-choice", onchange: again },
    options(Object.entries(ROLES).filter(([role]) => examples.some((one) => one.roles.some(([each]) => each === role))), "Everything"));
  const texts = examples.map((one) => [one.title, one.id, one.account, one.account_name, one.control, one.product, one.region, one.severity, ...one.resources].join(" ").toLowerCase());
  const severityBadge = (label) => h("span", { class: "badge s-" + label }, label || "none");
  const changesOf = (one) => one.fields.filter((field) => ["set", "taken back", "refused", "kept"].includes(field.outcome));
  function change(field) {
    if (field.outcome === "kept") return h("span", { class: "shift" }, h("span", { class: "muted" }, plain(field.field) + " stays "), show(field.from));
    return h("span", { class: "shift" }, h("span", { class: "muted" }, plain(field.field) + " "), show(field.from),
      h("span", { class: "arrow" }, " \u2192 "), h("span", { class: "to" }, show(field.to)));
  }
  const found = table("Findings as examples of what each rule does", [
    { key: "title", title: "Finding", value: (one) => one.title || one.id, cell: (one) => [
      h("button", { type: "button", class: "link", "aria-haspopup": "dialog", onclick: () => open(one) }, plain(one.title || one.id)),
      h("small", {}, plain([one.product, one.control, one.resources[0]].filter(Boolean).join(" \u00b7 ")))] },
    { key: "severity", title: "Severity", value: (one) => ["INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL"].indexOf(one.severity), cell: (one) => severityBadge(one.severity) },
    { key: "account", title: "Account", value: (one) => one.account_name || one.account || "", cell: (one) => plain(one.account_name || one.account || "none") },
    { key: "changes", title: "What happens", cell: (one) => { const all = changesOf(one); return h("div", {}, all.slice(0, 4).map(change), all.length > 4 ? h("span", { class: "muted" }, "and " + (all.length - 4) + " more") : null, all.length ? null : h("span", { class: "muted" }, "nothing")); } },
  ], [], "", "No finding like that among the examples.");
  const foundStatus = h("p", { role: "status" });
  const more = h("button", { type: "button", class: "more", onclick: () => { limit += PAGE; drawFindings(); } }, "Show more");
  function again() { limit = PAGE; drawFindings(); }
  function drawFindings() {
    const wanted = search.value.trim().toLowerCase();
    const [rule, role] = [ruleChoice.value, roleChoice.value];
    const some = examples.filter((one, at) => texts[at].includes(wanted) &&
      (!rule && !role || one.roles.some(([what, who]) => (!rule || who === rule) && (!role || what === role))));
    found.show(some.slice(0, limit));
    foundStatus.textContent = plural(some.length, "example") + (some.length > limit ? ", " + limit + " shown" : "");
    more.hidden = some.length <= limit;
  }
  function toFindings(filter) {
    search.value = "";
    roleChoice.value = "";
    ruleChoice.value = ruleNames.includes(filter.rule) ? filter.rule : "";
    if (ruleChoice.value !== filter.rule) search.value = filter.rule;
    again();
    byId("h-findings").scrollIntoView({ block: "start" });
    byId("h-findings").focus({ preventScroll: true });
  }
  fill(byId("findings"),
    h("p", { class: "muted" }, "Up to " + each + " examples for each thing that each rule does. Choose one to see why."),
    h("div", { class: "tools" }, field("Search findings", search, " grow"), field("Rule", ruleChoice), field("What happens", roleChoice), foundStatus),
    found.node, more);
  drawFindings();

  // --- one finding ------------------------------------------------------------------------------------------------
  const dialog = byId("detail");
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  const fact = (name, value) => value === null || value === undefined || value === "" ? [] : [h("dt", {}, name), h("dd", {}, value instanceof Node ? value : plain(value))];
  const elsewise = (one) => one.finding ? " (the finding has " + (one.finding.length ? one.finding.map(show).join(", ") : "nothing") + ")" : "";
  function conditions(list) {
    return h("ul", { class: "tree" }, list.map((one) => h("li", {},
      one.holds === null ? null : h("span", { class: one.holds ? "yes" : "no" }, one.holds ? "\u2713" : "\u2717", h("span", { class: "sr" }, one.holds ? " holds: " : " does not hold: ")),
      " ", h("code", {}, plain(one.text)),
      one.below.length && one.holds !== null && !one.saw.length ? null : h("span", { class: "muted" }, one.saw.length ? " \u2192 " + one.saw.map(show).join(", ") + (one.more ? " and " + one.more + " more" : "") : " \u2192 nothing there", elsewise(one)),
      one.below.length ? conditions(one.below) : null)));
  }
  function open(one) {
    fill(dialog,
      h("div", { class: "dialog-head" }, h("h2", { id: "detail-title" }, plain(one.title || one.id)),
        h("button", { type: "button", class: "quiet", autofocus: true, onclick: () => dialog.close() }, "Close")),
      h("div", { class: "dialog-body" },
        h("dl", { class: "facts" }, fact("Id", h("code", {}, plain(one.id))), fact("Severity", severityBadge(one.severity)), fact("Workflow", one.workflow),
          fact("Account", [one.account, one.account_name].filter(Boolean).join(" \u00b7 ")), fact("Region", one.region), fact("Product", one.product), fact("Control", one.control),
          one.resources.flatMap((resource) => fact("Resource", h("code", {}, plain(resource)))), fact("Refused", one.refused)),
        h("section", {}, h("h3", {}, "What becomes of its fields"), fieldTable(one)),
        h("section", {}, h("h3", {}, "Rules that match, in order; on one field the later one wins"),
          one.rules.length ? one.rules.map(ruleCard) : h("p", { class: "muted" }, "No rule matches any more."))));
    dialog.showModal();
  }
  function fieldTable(one) {
    return table("Fields", [
      { key: "field", title: "Field", cell: (field) => plain(field.field) },
      { key: "value", title: "Value", cell: (field) => field.outcome === "unchanged" || field.outcome === "kept" ? show(field.from) : h("span", {}, show(field.from), h("span", { class: "arrow" }, " \u2192 "), h("b", {}, show(field.to))) },
      { key: "why", title: "Why", cell: (field) => h("span", {}, plain(field.outcome + ": " + field.why), field.holder === "nobody" ? null : h("span", { class: "muted" }, " (" + field.holder + " holds it)")) },
    ], one.fields, "", "No field is wanted or held.").node;
  }
  function ruleCard(rule) {
    return h("div", { class: "rule" }, h("code", {}, plain(rule.rule)), " ", h("span", { class: "badge m" }, rule.verdict),
      rule.why ? h("span", { class: "muted" }, " " + plain(rule.why)) : null, conditions(rule.conditions));
  }

  byId("foot").textContent = "Nothing was sent to AWS. This page is one file: it loads nothing and sends nothing. A rule set that hides findings should be read with its rules beside it.";
})();
