
(() => {
  const { byId, h, fill, plain, show, count, plural, share, duration, moment, state, field, search, choice, track, table, tabs, facts } = kit;
  const { report, examples, each, findings, accounts, most } = kit.data;
  const totals = report.totals;
  const SEVERITIES = ["CRITICAL", "HIGH", "MEDIUM", "LOW", "INFORMATIONAL"];
  const DAY = 86400;

  // --- the findings and what happens to them -----------------------------------------------------------------------
  const list = kit.columnsOf(findings.tables);
  const texts = list.columns;
  const parts = findings.parts.map(([what, rule, name, from, to, why]) => ({ what, rule, field: name, from, to, why }));
  parts.push({ what: "unchanged", rule: null });
  const UNCHANGED = [parts.length - 1];
  const storyOf = (row) => row < findings.stories.at.length ? findings.stories.values[findings.stories.at[row]] : UNCHANGED;
  const partsOf = (row) => storyOf(row).map((number) => parts[number]);
  const rowOf = new Map(Array.from({ length: list.rows }, (_, row) => [texts.key.text(row), row]));
  const exampleOf = new Map(examples.map((one) => [one.key, one]));
  const leftOut = findings.left_out.touched + findings.left_out.unchanged;
  const accountName = (account) => Object.hasOwn(accounts, account) ? accounts[account] : "";

  // --- head --------------------------------------------------------------------------------------------------------
  kit.theme(byId("theme"));
  byId("headline").textContent = (totals.changed ? count(totals.changed) : "None") + " of " + plural(totals.findings, "finding") + " would change";
  fill(byId("origin"), plain([report.source.findings, "rules in " + report.source.rules,
    "rule set " + report.ruleset + (report.revision ? " at " + report.revision : ""), "decided as of " + moment(report.now)].join(" \u00b7 ")));

  // Links to findings begin with no other choice.
  const FRESH = { q: "", rule: "", what: "", severity: "", account: "", product: "", hub: "", "findings-page": "", about: "", finding: "", at: "findings" };
  const toFindings = (chosen, text, attributes) => state.link({ ...FRESH, ...chosen }, text, attributes);
  const toRule = (name) => state.link({ finding: "", about: name }, plain(name), { class: "link", "aria-haspopup": "dialog" });
  const number = (n, chosen) => n ? toFindings(chosen, count(n), { class: "count" }) : "\u2013";

  const kinds = [
    ["hidden", totals.hidden, "c-hide"], ["changed otherwise", totals.changed - totals.hidden, "c-change"],
    ["noted in the ledger only", totals.noted, "c-note"], ["refused", totals.refused, "c-bad"],
    ["undecidable", totals.undecidable, "c-bad"], ["unchanged", totals.unchanged, "c-quiet"],
  ].filter(([, n]) => n);
  fill(byId("split"),
    h("div", { class: "split", role: "img", "aria-label": "What happens to the findings: " + kinds.map(([name, n]) => count(n) + " " + name).join(", ") },
      kinds.map(([, n, kind]) => { const part = h("span", { class: kind }); part.style.flex = String(n); return part; })),
    h("ul", { class: "legend" }, kinds.map(([name, n, kind]) => h("li", {}, h("i", { class: kind, "aria-hidden": "true" }), count(n) + " " + name))));

  const tile = (name, n, what, small) => h("div", {}, h("dt", {}, name), h("dd", {}, what && n ? number(n, { what }) : typeof n === "number" ? count(n) : n, h("small", {}, small)));
  const cost = report.cost;
  fill(byId("tiles"),
    tile("Would change", totals.changed, "changed", share(totals.changed, totals.findings) + " of all"),
    tile("Hidden", totals.hidden, "hidden", "suppressed, resolved or lowered"),
    tile("Taken back", totals.taken_back, "taken_back", "undoes what triage did before"),
    tile("Left to people", totals.kept, "kept", "with a field that stays"),
    totals.refused ? tile("Refused", totals.refused, "refused", "the API would not take the update") : null,
    totals.undecidable ? tile("Undecidable", totals.undecidable, "undecidable", "triage may have changed them while they were read") : null,
    totals.unusable ? tile("Unusable", totals.unusable, "", "not a finding") : null,
    totals.repeated ? tile("Repeated", totals.repeated, "", "not counted again") : null,
    tile("API calls", cost.calls, "", cost.updates ? plural(cost.findings_per_call, "finding") + " a call" : "nothing to send"),
    tile("Time", duration(cost.hours), "", "at " + cost.calls_per_second + " calls/s of " + cost.quota_per_second));

  // --- both hubs -----------------------------------------------------------------------------------------------------
  const HUBS = { cspm: "Security Hub CSPM", v2: "Security Hub V2" };
  const hubs = report.hubs;
  const hubName = (hub) => Object.hasOwn(HUBS, hub) ? HUBS[hub] : hub;
  if (hubs) {
    const of = (name, counts, chosen) => ({ name, counts, chosen });
    const columns = { changed: "Changed", hidden: "Hidden", taken_back: "Taken back", kept: "Left to people" };
    const cell = (row, key, what) => row.chosen ? number(row.counts[key], { ...row.chosen, ...what }) : row.counts[key] ? count(row.counts[key]) : "\u2013";
    fill(byId("hubs"),
      h("p", { class: "muted" }, "A signal that both hubs show has a finding in each. It counts once here: " + count(hubs.signals.in_both) + " of " + plural(hubs.signals.signals, "signal") + " in both hubs. All other numbers count findings."),
      hubs.signals.in_doubt ? h("p", { class: "muted" }, count(hubs.signals.in_doubt) + " of these are Macie\u2019s and in one hub alone. It may name a finding otherwise in each hub, so that two of them may be one.") : null,
      table("Findings of each hub, and signals", [
        { key: "hub", title: "Hub", value: (row) => row.name, cell: (row) => plain(row.name) },
        { key: "findings", title: "Findings", number: true, value: (row) => row.counts.findings, cell: (row) => cell(row, "findings", {}) },
        ...Object.entries(columns).map(([key, title]) => ({ key, title, number: true, value: (row) => row.counts[key], cell: (row) => cell(row, key, { what: key }) })),
      ], { rows: [...Object.entries(hubs.findings).map(([hub, counts]) => of(hubName(hub), counts, { hub })),
        of("Signals", { ...hubs.signals, findings: hubs.signals.signals }, null)], key: "hubs", fixed: { at: "hubs" } }).node);
  } else byId("hubs").parentElement.remove();

  // --- what changes, severity ----------------------------------------------------------------------------------------
  const arrow = () => h("span", { class: "arrow" }, h("span", { "aria-hidden": "true" }, " \u2192 "), h("span", { class: "sr" }, " to "));
  const isText = (shift) => shift.from === null && shift.to === null;
  const shiftText = (shift) => isText(shift) ? "gets another value" : [show(shift.from), arrow(), h("b", {}, show(shift.to))];
  function hides(shift) {
    if (shift.field === "Workflow.Status") return shift.to === "SUPPRESSED" || shift.to === "RESOLVED";
    return shift.field === "Severity.Label" && SEVERITIES.indexOf(shift.to) > SEVERITIES.indexOf(shift.from) && SEVERITIES.includes(shift.from);
  }
  function shifts(changes, least) {
    const widest = Math.max(1, ...changes.map((shift) => shift.findings));
    return changes.length ? h("ul", { class: "rows" }, changes.slice(0, least).map((shift) => h("li", {},
      h("div", { class: "label" }, h("span", {}, h("span", { class: "muted" }, plain(shift.field) + " "), shiftText(shift)), h("span", {}, count(shift.findings))),
      track(shift.findings / widest, hides(shift) ? "c-hide" : "c-change"))),
    changes.length > least ? h("li", { class: "muted" }, "and " + plural(changes.length - least, "other change")) : null)
      : h("p", { class: "empty" }, "No field of any finding would change.");
  }
  fill(byId("changes"), shifts(report.changes, 10));

  const moves = report.changes.filter((shift) => shift.field === "Severity.Label");
  const levels = SEVERITIES.map((name) => {
    const before = (report.by_severity.find((row) => row.name === name) || { findings: 0 }).findings;
    const sum = (member) => moves.filter((shift) => shift[member] === name).reduce((n, shift) => n + shift.findings, 0);
    return { name, before, after: before - sum("from") + sum("to") };
  });
  const highest = Math.max(1, ...levels.flatMap((level) => [level.before, level.after]));
  fill(byId("severity"),
    h("ul", { class: "rows" }, levels.map((level) => {
      const change = level.after - level.before;
      return h("li", {},
        h("div", { class: "label" }, h("b", {}, level.name), h("span", {}, count(level.before), arrow(), count(level.after) + " ",
          change ? h("span", { class: change > 0 ? "up" : "down" }, "(" + (change > 0 ? "+" : "\u2212") + count(Math.abs(change)) + ")") : null)),
        track(level.before / highest, "c-quiet", true), track(level.after / highest, "c-change", true));
    })),
    h("ul", { class: "legend" }, h("li", {}, h("i", { class: "c-quiet" }), "before"), h("li", {}, h("i", { class: "c-change" }), "after")));

  // --- rules ---------------------------------------------------------------------------------------------------------
  const COUNTS = { matched: "Matched", changed: "Changed", hidden: "Hidden", taken_back: "Taken back", kept: "Left to people", observed: "Would change",
    above_ceiling: "Above ceiling", stopped: "Stopped before", failed: "Failed" };
  const IN_FORCE = { "no longer": "expired", "not yet": "not started", "not now": "outside its window", gone: "not in the rules" };
  const ruleRows = new Map(report.by_rule.map((row) => [row.rule, row]));
  const hasEnd = (row) => row.ends !== null && row.ends !== undefined;
  const daysLeft = (row) => Math.floor((row.ends - report.now) / DAY);
  function remaining(row) {
    const days = daysLeft(row);
    if (days < 0) return "ended";
    return days ? plural(days, "day") + " left" : "ends within a day";
  }
  const badges = (row) => [row.mode && row.mode !== "enforce" ? [" ", h("span", { class: "badge m" }, plain(row.mode))] : null,
    IN_FORCE[row.in_force] ? [" ", h("span", { class: "badge" }, IN_FORCE[row.in_force])] : null];
  const widest = Math.max(1, ...report.by_rule.map((row) => row.changed));
  const effect = (key) => ({ key, title: COUNTS[key], number: true, value: (row) => row[key], cell: (row) => number(row[key], { rule: row.rule, what: key }) });
  const ends = report.by_rule.some(hasEnd) ? [
    { key: "ends", title: "Ends", value: (row) => hasEnd(row) ? row.ends : Infinity, cell: (row) => hasEnd(row)
      ? h("span", { class: "end" }, plain(row.expires || moment(row.ends)), h("small", { class: daysLeft(row) >= 0 && daysLeft(row) < 30 ? "soon" : "muted" }, remaining(row))) : "\u2013" },
    { key: "held", title: "Holds then", number: true, value: (row) => hasEnd(row) ? row.held : 0, cell: (row) => hasEnd(row) ? number(row.held, { rule: row.rule, what: "held" }) : "\u2013" },
  ] : [];
  const rules = table("Rules, and what each does to findings", [
    { key: "rule", title: "Rule", value: (row) => row.rule, cell: (row) => [toRule(row.rule), badges(row),
      row.description || row.owner ? h("small", {}, plain([row.description, row.owner && "(" + [row.owner, row.ticket].filter(Boolean).join(", ") + ")"].filter(Boolean).join(" "))) : null] },
    { key: "order", title: "Order", number: true, value: (row) => row.order || 0 },
    effect("matched"),
    { ...effect("changed"), cell: (row) => [number(row.changed, { rule: row.rule, what: "changed" }), row.changed ? track(row.changed / widest, "c-change") : null] },
    ...Object.keys(COUNTS).slice(2).filter((key) => report.by_rule.some((row) => row[key])).map(effect),
    ...ends,
  ], { sorted: "-changed", empty: "No rule has these words.", key: "rules", fixed: { at: "rules" } });
  const ruleStatus = h("p", { role: "status" });
  const ruleTexts = report.by_rule.map((row) => [row.rule, row.owner, row.ticket, row.description, row.mode, row.reason, IN_FORCE[row.in_force]].join(" ").toLowerCase());
  fill(byId("rules"), h("div", { class: "tools" }, search("rules-q", "Search rules", "Name, owner, ticket, description", { at: "rules", "rules-page": "" }), ruleStatus),
    ends.length ? h("p", { class: "muted" }, "\u201cHolds then\u201d counts the findings with a field that the rule has set. They are given back when it ends, unless another rule sets the same.") : null,
    rules.node);
  state.watch(["rules-q"], () => {
    const wanted = kit.words(state.get("rules-q"));
    const some = report.by_rule.filter((_, at) => wanted.every((word) => ruleTexts[at].includes(word)));
    ruleStatus.textContent = plural(some.length, "rule");
    rules.show(some);
  });

  // How many findings each condition of a rule leaves, one after the other, and where none is left.
  const sampled = totals.findings === report.sampled ? "all findings" : "a sample of the findings";
  function funnel(row, open) {
    if (!row || !row.funnel || !row.funnel.length || !report.sampled) return null;
    let before = report.sampled;
    const steps = row.funnel.map((stage) => {
      const step = { ...stage, lost: before - stage.left, stops: before > 0 && stage.left === 0 };
      before = stage.left;
      return step;
    });
    const stop = steps.findIndex((step) => step.stops);
    const came = stop > 0 ? steps[stop - 1].left : report.sampled;
    return h("div", { class: "funnel" },
      h("p", {}, stop < 0 ? count(before) + " of " + plural(report.sampled, "finding") + " pass every condition."
        : [h("b", {}, "It stops at "), h("code", {}, plain(steps[stop].condition)), ": " + plural(came, "finding") + (came === 1 ? " comes" : " come") + " this far, and none passes."]),
      h("details", { open }, h("summary", {}, "Findings that each condition leaves"), h("ol", { class: "rows" },
        h("li", {}, h("div", { class: "label" }, h("span", {}, sampled), h("span", {}, count(report.sampled))), track(1, "c-quiet")),
        steps.map((step) => h("li", { class: step.stops ? "stops" : null },
          h("div", { class: "label" }, h("code", {}, plain(step.condition)),
            h("span", {}, count(step.left), step.lost ? h("span", { class: "muted" }, " (\u2212" + count(step.lost) + ")") : null, step.stops ? h("b", { class: "stop" }, " stops here") : null)),
          track(step.left / report.sampled, "c-change"))))));
  }

  // --- where -----------------------------------------------------------------------------------------------------------
  function groups(name, rows) {
    const key = name.toLowerCase();
    const full = Math.max(1, ...rows.map((row) => row.findings));
    const counted = (what, title) => ({ key: what, title, number: true, value: (row) => row[what], cell: (row) => number(row[what], { [key]: row.name, what }) });
    return () => table("Findings by " + key, [
      { key: "name", title: name, value: (row) => row.name, cell: (row) => [plain(row.name), row.about ? h("small", {}, plain(Object.values(row.about).join(" \u00b7 "))) : null] },
      { key: "findings", title: "Findings", number: true, value: (row) => row.findings, cell: (row) => [number(row.findings, { [key]: row.name }), track(row.findings / full, "c-quiet")] },
      { key: "changed", title: "Changed", number: true, value: (row) => row.changed, cell: (row) => [number(row.changed, { [key]: row.name, what: "changed" }), row.changed ? track(row.changed / full, "c-change") : null] },
      counted("hidden", "Hidden"), counted("taken_back", "Taken back"), counted("kept", "Left to people"),
    ], { rows, sorted: key === "severity" ? "" : "-changed", key, fixed: { at: "where", by: key === "severity" ? "" : key } }).node;
  }
  const once = (make) => { let made = null; return () => made = made || make(); };
  fill(byId("where"), tabs("by", "Group by", [
    ["severity", "Severity", once(groups("Severity", report.by_severity))],
    ["account", "Account", once(groups("Account", report.by_account))],
    ["product", "Product", once(groups("Product", report.by_product))]], { at: "where" }));

  // --- worth a look ------------------------------------------------------------------------------------------------------
  function card(title, text, rows, line) {
    if (!rows.length) return null;
    return h("article", {}, h("h3", {}, title + " (" + count(rows.length) + ")"), h("p", { class: "muted" }, text),
      h("ul", { tabindex: "0", "aria-label": title }, rows.slice(0, 200).map((row) => h("li", {}, line(row)))),
      rows.length > 200 ? h("p", { class: "muted" }, "These are the first 200; hubtriage backtest --json has all.") : null);
  }
  const times = (n, chosen) => h("span", { class: "muted" }, " \u00b7 ", chosen ? toFindings(chosen, plural(n, "finding")) : plural(n, "finding"));
  const ruleOrText = (name) => ruleRows.has(name) ? toRule(name) : h("code", {}, plain(name));
  const cards = [
    card("Rules that never match", "No finding here is for them. Such a rule may be done with, too early, or a mistake.", report.never,
      (row) => [toRule(row.rule), h("span", { class: "muted" }, " \u00b7 " + plain(row.why)), funnel(ruleRows.get(row.rule))]),
    card("Rules that contradict each other", "Both match one finding and set a field differently. The later rule wins.", report.conflicts,
      (row) => [ruleOrText(row.winner), " overrides ", ruleOrText(row.loser), " on ", plain(row.field), times(row.findings), " such as ", toFindings({ q: row.example }, plain(row.example))]),
    card("Left to people", "A person set these fields, so they stay. The rules would set them differently.", report.kept,
      (row) => [plain(row.field), " \u00b7 ", row.rule ? ruleOrText(row.rule) : "triage", h("span", { class: "muted" }, " \u00b7 " + plain(row.why)), times(row.findings, { rule: row.rule || "(no rule)", what: "kept" })]),
    card("Rules that failed", "A rule that fails changes nothing, and the fields that it could set stay.", report.errors,
      (row) => [ruleOrText(row.rule), " ", plain(row.message), times(row.findings, { rule: row.rule, what: "failed" })]),
    card("Refused", "The API would not take these updates.", report.refused, (row) => [plain(row.why), times(row.findings, { what: "refused" })]),
    card("Undecidable", "Triage may have changed these findings while they were read, so the backtest does not decide them.", report.undecidable,
      (row) => [plain(row.why), times(row.findings, { what: "undecidable" })]),
    card("Unusable", "These parts of the input are not findings.", report.unusable,
      (row) => [plain(row.place), h("span", { class: "muted" }, " \u00b7 " + plain(row.reason))]),
  ].filter(Boolean);
  if (cards.length) fill(byId("look"), cards); else byId("look").parentElement.remove();

  // --- findings ------------------------------------------------------------------------------------------------------------
  const WHAT = { changed: "changed", hidden: "hidden", taken_back: "taken back", kept: "left to people", matched: "matched by a rule", held: "held by a rule",
    observed: "would change (observe)", above_ceiling: "above the ceiling", stopped: "stopped before", failed: "rule failed",
    noted: "noted in the ledger only", refused: "refused", undecidable: "undecidable", unchanged: "unchanged" };
  const severityBadge = (label) => h("span", { class: "badge s-" + (SEVERITIES.includes(label) ? label : "none") }, plain(label || "none"));
  const titleOf = (row) => texts.title.text(row) || texts.id.text(row);
  const lines = {
    set: (part) => h("span", { class: "shift" }, h("span", { class: "muted" }, plain(part.field) + " "), shiftText(part)),
    "would set": (part) => h("span", { class: "shift muted" }, plain(part.field) + " ", isText(part) ? "would get another value" : ["would go from ", show(part.from), " to ", show(part.to)]),
    left: (part) => h("span", { class: "shift" }, h("span", { class: "muted" }, plain(part.field) + " stays")),
    error: (part) => h("span", { class: "shift" }, plain(part.rule) + " fails"),
    reason: (part) => h("span", { class: "shift muted" }, plain(part.why)),
  };
  function happens(row) {
    const all = partsOf(row).filter((part) => lines[part.what]);
    return h("div", {}, all.slice(0, 4).map((part) => lines[part.what](part)), all.length > 4 ? h("span", { class: "muted" }, "and " + (all.length - 4) + " more") : null,
      all.length ? null : h("span", { class: "muted" }, "nothing"));
  }
  const rank = (row) => SEVERITIES.length - SEVERITIES.indexOf(texts.severity.text(row));
  const foundTable = table("Findings, and what happens to each", [
    { key: "title", title: "Finding", value: titleOf, cell: (row) => [
      state.link({ about: "", finding: texts.key.text(row) }, plain(titleOf(row)), { class: "link", "aria-haspopup": "dialog" }),
      h("small", {}, plain([hubs ? hubName(texts.hub.text(row)) : "", texts.product.text(row), texts.control.text(row), texts.resource.text(row)].filter(Boolean).join(" \u00b7 ")))] },
    { key: "severity", title: "Severity", value: (row) => -rank(row), cell: (row) => severityBadge(texts.severity.text(row)) },
    { key: "account", title: "Account", value: (row) => accountName(texts.account.text(row)) || texts.account.text(row),
      cell: (row) => plain(accountName(texts.account.text(row)) || texts.account.text(row)) },
    { key: "happens", title: "What happens", wide: true, cell: happens },
  ], { empty: "No finding has these words and choices.", key: "findings", fixed: { at: "findings" } });
  const everyRow = Array.from({ length: list.rows }, (_, row) => row);
  // An account is found by its name too.
  const byAccountName = (word) => {
    const named = new Set(Object.keys(accounts).filter((account) => String(accounts[account]).toLowerCase().includes(word)));
    return (row) => named.has(texts.account.text(row));
  };
  const SEARCHED = ["title", "id", "account", "product", "control", "region", "severity", "workflow", "resource", "more_resources"];
  const finders = [...SEARCHED.map((name) => texts[name].finds), byAccountName];
  function chosen() {
    const [rule, what] = [state.get("rule"), state.get("what")];
    let rows = everyRow;
    if (rule || what) {
      const wanted = parts.map((part) => part.what in WHAT && (!rule || part.rule === rule) && (!what || part.what === what));
      const stories = findings.stories.values.map((story) => story.some((part) => wanted[part]));
      const unchanged = wanted[UNCHANGED[0]];
      const touched = findings.stories.at;
      rows = rows.filter((row) => row < touched.length ? stories[touched[row]] : unchanged);
    }
    for (const name of ["severity", "account", "product", "hub"]) {
      const value = state.get(name);
      if (value) rows = rows.filter((row) => texts[name].text(row) === value);
    }
    return kit.found(rows, finders, state.get("q"));
  }
  const foundStatus = h("p", { role: "status" });
  const chips = h("div", { class: "chips" });
  const FIXED = { at: "findings", "findings-page": "" };
  const busy = report.by_rule.filter((row) => Object.keys(COUNTS).some((key) => row[key])).sort((a, b) => b.matched - a.matched).slice(0, 1000).map((row) => row.rule).sort();
  const whats = new Set(parts.map((part) => part.what));
  fill(byId("findings"),
    h("p", { class: "muted" }, list.rows === totals.findings ? "All findings of this backtest. " : null,
      "Choose one to see what happens to it, and why. The address of this page then leads to it, and to each choice made here: send it to a person who has this file."),
    leftOut ? h("p", { class: "notice", id: "left-out" }, plural(leftOut, "finding") + " of " + count(totals.findings) + " " + (leftOut === 1 ? "is" : "are") + " not listed here, so that this page stays small: " +
      [findings.left_out.touched && count(findings.left_out.touched) + " to which something happens", findings.left_out.unchanged && count(findings.left_out.unchanged) + " unchanged"].filter(Boolean).join(" and ") +
      ". The numbers above count all. To list the rest, run the backtest on a part of the input, of at most " + plural(most, "finding") + ". hubtriage plan and hubtriage explain show any finding.") : null,
    h("div", { class: "tools" }, search("q", "Search findings", "Title, id, account, control, resource", FIXED),
      choice("rule", "Rule", busy.map((name) => [name, name]), "All rules", FIXED),
      choice("what", "What happens", Object.entries(WHAT).filter(([what]) => whats.has(what)), "Everything", FIXED),
      choice("severity", "Severity", report.by_severity.map((row) => [row.name, row.name]), "All", FIXED),
      hubs ? choice("hub", "Hub", Object.entries(HUBS), "Both", FIXED) : null),
    chips, foundStatus, foundTable.node);
  state.watch(["q", "rule", "what", "severity", "account", "product", "hub"], () => {
    const rows = chosen();
    foundStatus.textContent = plural(rows.length, "finding") + (leftOut ? " of " + count(list.rows) + " listed" : "");
    fill(chips, ["account", "product"].filter((name) => state.get(name)).map((name) =>
      h("button", { type: "button", class: "quiet", onclick: () => state.set({ ...FIXED, [name]: "" }) }, "Only " + name + " " + plain(state.get(name)), h("span", { "aria-hidden": "true" }, " \u00d7"), h("span", { class: "sr" }, ": show all"))));
    foundTable.show(rows);
  });

  // --- one rule, one finding -------------------------------------------------------------------------------------------------
  function aboutRule(name) {
    const row = ruleRows.get(name);
    if (!row) return ["No such rule", h("p", {}, "This backtest has no rule ", h("code", {}, plain(name)), ". The link may belong to another page.")];
    return [plain(name), [
      row.description ? h("p", {}, plain(row.description)) : null,
      facts([["Owner", row.owner], ["Ticket", row.ticket], ["Reason", row.reason], ["Order", row.order], ["Mode", row.mode], ["In force", IN_FORCE[row.in_force] || "yes"],
        ["Ends", hasEnd(row) ? plain(row.expires || moment(row.ends)) + ", " + remaining(row) : null],
        ["Holds then", hasEnd(row) && row.held ? [number(row.held, { rule: name, what: "held" }), " given back unless another rule sets the same"] : null],
        ...Object.keys(COUNTS).filter((key) => row[key]).map((key) => [COUNTS[key], [number(row[key], { rule: name, what: key }), row.signals ? " about " + plural(row.signals[key], "signal") + ": " + Object.entries(row.hubs).map(([hub, counts]) => count(counts[key]) + " in " + hubName(hub)).join(", ") : null]])]),
      row.funnel && row.funnel.length ? h("section", {}, h("h3", {}, "Its conditions"), funnel(row, true)) : null,
      row.changes.length ? h("section", {}, h("h3", {}, "What it changes"), shifts(row.changes, 20)) : null,
      row.would_change.length ? h("section", {}, h("h3", {}, "What it would change if it were in force"), shifts(row.would_change, 20)) : null,
      h("p", { class: "permalink" }, state.link({ about: name }, "Link to this rule")),
    ]];
  }
  const permalink = (key) => h("p", { class: "permalink" }, state.link({ finding: key }, "Link to this finding"));
  function aboutFinding(key) {
    const [example, row] = [exampleOf.get(key), rowOf.get(key)];
    if (example) return [plain(example.title || example.id), reasoning(example)];
    if (row === undefined) return ["No such finding", h("p", {}, "This page does not list the finding. It may not be in this backtest, or it may be left out because the page would be too large.")];
    return [plain(titleOf(row)), outcome(row)];
  }
  const factsOf = (one) => facts([["Id", h("code", {}, plain(one.id))], ["Severity", severityBadge(one.severity)], ["Workflow", one.workflow],
    ["Account", [one.account, one.account_name].filter(Boolean).join(" \u00b7 ")], ["Region", one.region], ["Hub", hubs ? hubName(one.hub) : null], ["Product", one.product], ["Control", one.control],
    ...one.resources.map((resource) => ["Resource", h("code", {}, plain(resource))]), ["Refused", one.refused]]);
  function outcome(row) {
    const own = partsOf(row);
    const text = (name) => texts[name].text(row);
    const resources = [text("resource"), ...text("more_resources").split("\n")].filter(Boolean);
    const all = own.filter((part) => lines[part.what]);
    const matched = own.filter((part) => part.what === "matched").map((part) => part.rule);
    const story = storyOf(row);
    const alike = examples.filter((one) => rowOf.has(one.key) && storyOf(rowOf.get(one.key)) === story).slice(0, 3);
    return [
      factsOf({ id: text("id"), severity: text("severity"), workflow: text("workflow"), account: text("account"), account_name: accountName(text("account")), region: text("region"),
        hub: text("hub"), product: text("product"), control: text("control"), resources }),
      h("section", {}, h("h3", {}, "What happens to its fields"), all.length ? table("Fields", [
        { key: "field", title: "Field", cell: (part) => plain(part.field || "\u2013") },
        { key: "what", title: "What happens", cell: (part) => lines[part.what](part) },
        { key: "rule", title: "Rule", cell: (part) => part.rule ? ruleOrText(part.rule) : "\u2013" },
        { key: "why", title: "Why", cell: (part) => part.why ? plain(part.why === "rule" ? "the rule sets it" : part.why) : "\u2013" },
      ], { rows: all }).node : h("p", { class: "muted" }, "Nothing.")),
      h("section", {}, h("h3", {}, "Rules that match"), matched.length ? h("ul", { class: "plain" }, matched.map((name) => h("li", {}, ruleOrText(name)))) : h("p", { class: "muted" }, "No rule matches.")),
      h("p", { class: "muted" }, "The page keeps the reasoning, condition by condition, for some findings only; hubtriage explain shows it for each. ",
        alike.length ? ["The same happens to: ", alike.map((one, at) => [at ? ", " : "", state.link({ about: "", finding: one.key }, plain(one.title || one.id))]), "."] : null),
      permalink(text("key")),
    ];
  }
  function reasoning(one) {
    return [
      factsOf(one),
      h("section", {}, h("h3", {}, "What happens to its fields"), fieldTable(one)),
      h("section", {}, h("h3", {}, "Rules that match, in order; on one field the later rule wins"),
        one.rules.length ? one.rules.map(ruleCard) : h("p", { class: "muted" }, "No rule matches any more.")),
      permalink(one.key),
    ];
  }
  function fieldTable(one) {
    return table("Fields", [
      { key: "field", title: "Field", cell: (part) => plain(part.field) },
      { key: "value", title: "Value", cell: (part) => part.outcome === "unchanged" || part.outcome === "kept" ? show(part.from) : h("span", {}, show(part.from), arrow(), h("b", {}, show(part.to))) },
      { key: "why", title: "Why", cell: (part) => h("span", {}, plain(part.outcome + ": " + part.why), part.holder === "nobody" || part.holder === "no one" ? null : h("span", { class: "muted" }, " (" + plain(part.holder) + " holds it)")) },
    ], { rows: one.fields, empty: "No rule sets a field, and none is held." }).node;
  }
  const ruleCard = (rule) => h("div", { class: "rule" }, ruleOrText(rule.rule), " ", h("span", { class: "badge m" }, plain(rule.verdict)),
    rule.why ? h("span", { class: "muted" }, " " + plain(rule.why)) : null, conditions(rule.conditions));
  const elsewise = (one) => one.finding ? " (the finding has " + (one.finding.length ? one.finding.map(show).join(", ") : "nothing") + ")" : "";
  function conditions(all) {
    return h("ul", { class: "tree" }, all.map((one) => h("li", {},
      one.holds === null ? null : h("span", { class: one.holds ? "yes" : "no" }, h("span", { "aria-hidden": "true" }, one.holds ? "\u2713" : "\u2717"), h("span", { class: "sr" }, one.holds ? " holds: " : " does not hold: ")),
      " ", h("code", {}, plain(one.text)),
      one.below.length && one.holds !== null && !one.saw.length ? null : h("span", { class: "muted" }, one.saw.length ? " \u2192 " + one.saw.map(show).join(", ") + (one.more ? " and " + one.more + " more" : "") : " \u2192 nothing there", elsewise(one)),
      one.below.length ? conditions(one.below) : null)));
  }
  kit.dialogs({ finding: aboutFinding, about: aboutRule });

  // --- sections ----------------------------------------------------------------------------------------------------------------
  fill(byId("sections"), [...document.querySelectorAll("main h2")].map((heading) => state.link({ at: heading.id.slice(2) }, heading.textContent)));
  document.querySelector(".skip").addEventListener("click", (event) => { event.preventDefault(); state.set({ at: "findings" }); kit.goTo("findings"); });
  if (state.get("at") && !state.get("finding") && !state.get("about")) kit.goTo(state.get("at"));

  byId("foot").textContent = "Nothing was sent to AWS. This page is one file: it loads nothing and sends nothing. Read it together with the rules.";
})();
