
(() => {
  const { byId, h, fill, plain, count, plural, share, state, search, choice, track, table, facts } = kit;
  const register = kit.data;
  const { exceptions, hidden, ended } = register;
  const source = register.source || { exports: [], unusable: 0, first_unusable: [], cut_off: [] };
  const [SOON, NEXT] = [30, 90];
  const MOST_PRINTED = 1000;
  const UNKNOWN = "not known";
  const unknown = () => h("span", { class: "unknown" }, UNKNOWN);

  // --- what is known -------------------------------------------------------------------------------------------------
  // A finding that was not read, or has no entry, may be one that a rule hides. So counts are the least that is true,
  // and none found may not be read as none.
  const inPart = hidden !== null && (hidden.not_known > 0 || source.unusable > 0 || source.cut_off.length > 0);
  function quantity(n) {
    if (n === null || n === undefined || (inPart && !n)) return unknown();
    return (inPart ? "at least " : "") + count(n);
  }
  const HUBS = { cspm: "Security Hub CSPM", v2: "Security Hub V2" };
  const hubName = (hub) => Object.hasOwn(HUBS, hub) ? HUBS[hub] : String(hub);
  // Findings of Security Hub V2 were read: then counts are also of each hub and of signals.
  const inHubs = hidden !== null && hidden.by_hub ? hidden : null;
  const findingsOf = (n) => [quantity(n), inPart && !n ? null : n === 1 ? " finding" : " findings"];
  const held = (row, name) => row.holds === null ? null : row.holds[name];
  const some = (value) => value !== null && value !== undefined && value !== "";
  const or = (value, otherwise) => some(value) ? value : otherwise;
  // A rule names its owner, or leaves that to the account directory: then it has `owners`.
  const isByAccount = (row) => Array.isArray(row.owners);
  const ownersOf = (row) => isByAccount(row) ? row.owners : some(row.owner) ? [row.owner] : [];
  const sum = (rows, value) => rows.reduce((total, row) => total + value(row), 0);

  // --- when each ends ------------------------------------------------------------------------------------------------
  const NONE = { key: "none", sign: "\u25cb", kind: "e-none", text: "no end" };
  const ENDINGS = [
    { key: "ended", sign: "\u00d7", kind: "e-ended", text: "ended" },
    { key: String(SOON), sign: "\u25b2", kind: "e-soon", text: "within " + SOON + " days" },
    { key: SOON + 1 + "-" + NEXT, sign: "\u25c6", kind: "e-next", text: SOON + 1 + " to " + NEXT + " days" },
    { key: "later", sign: "\u25cf", kind: "e-later", text: "later" },
    NONE,
  ];
  function endingOf(row) {
    if (!some(row.ends)) return NONE;
    if (row.ends <= register.now) return ENDINGS[0];
    return row.days_left <= SOON ? ENDINGS[1] : row.days_left <= NEXT ? ENDINGS[2] : ENDINGS[3];
  }
  const cases = exceptions.map((row, at) => {
    const ending = endingOf(row);
    // An end is the first moment without the rule: the last day before it names the month.
    const month = some(row.ends) && ending.key !== "ended" ? new Date(Date.parse(row.ends) - 1).toISOString().slice(0, 7) : ending.key;
    return { row, at, ending, month, owners: ownersOf(row), text: [row.rule, row.owner, ...ownersOf(row), row.ticket, row.until, row.description, row.reason, row.mode, row.author].filter(some).join(" ").toLowerCase() };
  });
  const caseOf = new Map(cases.map((one) => [one.row.rule, one]));
  const withEnding = (...keys) => cases.filter((one) => keys.includes(one.ending.key));
  const [past, soon, next] = [withEnding("ended"), withEnding(ENDINGS[1].key), withEnding(ENDINGS[2].key)];
  function leftOf({ row, ending }) {
    if (ending === NONE) return "no end";
    if (ending.key === "ended") return "ended";
    return row.days_left ? plural(row.days_left, "day") + " left" : "ends within a day";
  }
  const signOf = (ending) => h("span", { class: "sign " + ending.kind, "aria-hidden": "true" }, ending.sign);

  // --- head ----------------------------------------------------------------------------------------------------------
  kit.theme(byId("theme"));
  const CHOICES = { q: "", owner: "", ends: "" };
  const FRESH = { ...CHOICES, "exceptions-page": "", about: "", at: "exceptions" };
  const toExceptions = (chosen, text, attributes) => state.link({ ...FRESH, ...chosen }, text, attributes);
  const toRule = (name, text, attributes) => state.link({ about: name }, text || plain(name), { class: "link", "aria-haspopup": "dialog", ...attributes });
  byId("headline").textContent = exceptions.length ? plural(exceptions.length, "exception") + ", " + (soon.length ? count(soon.length) + (soon.length === 1 ? " ends" : " end") : "none ends") + " within " + SOON + " days" : "No exceptions";
  const time = (stamp) => String(stamp).replace("T", " ").replace(/(:\d\d)?Z$/, " UTC");
  const place = (one) => [some(one.account) && "account " + one.account, one.region, some(one.begun) && "read " + time(one.begun)].filter(Boolean).join(", ");
  fill(byId("origin"), plain(["as of " + time(register.now), "rule set " + register.ruleset + (register.revision ? " at " + register.revision : ""),
    hidden ? "findings of " + (source.name || "an export") : null, ...source.exports.map(place)].filter(Boolean).join(" \u00b7 ")));

  const tile = (name, value, small) => h("div", {}, h("dt", {}, name), h("dd", {}, value, h("small", {}, small)));
  const linked = (list, ends) => list.length ? toExceptions({ ends }, count(list.length), { class: "count" }) : "0";
  const overruled = exceptions.filter((row) => held(row, "overruled"));
  const people = hidden === null ? null : sum(overruled, (row) => row.holds.overruled);
  fill(byId("tiles"),
    tile("Exceptions", count(exceptions.length), past.length ? [linked(past, "ended"), " ended"] : "rules that hide findings"),
    tile("End within " + SOON + " days", linked(soon, String(SOON)), soon.length ? "the first in " + plural(soon.reduce((least, one) => Math.min(least, one.row.days_left), SOON), "day") : "none"),
    tile("End within " + NEXT + " days", linked([...soon, ...next], String(NEXT)), share(soon.length + next.length, exceptions.length) + (exceptions.length ? " of all" : "none")),
    tile("Hidden now", hidden ? (source.unusable || source.cut_off.length ? quantity(hidden.hidden) : count(hidden.hidden)) : unknown(), hidden ? "of " + plural(hidden.findings_read, "finding") + " read" : "made without findings"),
    tile("No rule accounts for", hidden ? quantity(hidden.by_others) : unknown(), hidden ? (hidden.not_known ? "and " + count(hidden.not_known) + " " + UNKNOWN : "hidden by people or other tools") : "made without findings"),
    tile("People overruled", quantity(people), overruled.length ? "on " + plural(overruled.length, "rule") : hidden ? "a finding that a rule would hide" : "made without findings"));

  const notice = (...text) => h("p", { class: "notice" }, text);
  const chosen = register.chosen;
  fill(byId("notices"),
    chosen ? notice("This page shows only the exceptions", some(chosen.owner) ? " of " + plain(chosen.owner) : null,
      some(chosen.ends_within) ? " that end within " + plural(chosen.ends_within, "day") : null, ". Its other numbers count all findings.") : null,
    register.history ? null : notice("The rules were in no git repository. So who wrote, renewed and approved them is " + UNKNOWN + "."),
    hidden ? null : notice("The register was made without findings. So what the rules hold is " + UNKNOWN + "."));

  // --- timeline ------------------------------------------------------------------------------------------------------
  const [MOST_MONTHS, LEAST_MONTHS, MOST_MARKS] = [24, 12, 10];
  const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
  const monthNumber = (month) => Number(month.slice(0, 4)) * 12 + Number(month.slice(5, 7)) - 1;
  const monthText = (number) => String(Math.floor(number / 12)).padStart(4, "0") + "-" + String(number % 12 + 1).padStart(2, "0");
  const thisMonth = monthNumber(register.now);
  const endingCases = cases.filter((one) => /^\d/.test(one.month));
  const last = Math.min(thisMonth + MOST_MONTHS, Math.max(thisMonth + LEAST_MONTHS, ...endingCases.map((one) => monthNumber(one.month) + 1)));
  const after = "after " + monthText(last - 1);
  const columnOf = (one) => /^\d/.test(one.month) && monthNumber(one.month) >= last ? after : one.month;
  const columns = new Map();
  for (const one of cases) {
    if (!columns.has(columnOf(one))) columns.set(columnOf(one), []);
    columns.get(columnOf(one)).push(one);
  }
  for (const list of columns.values()) list.sort((a, b) => String(a.row.ends).localeCompare(String(b.row.ends)) || a.at - b.at);
  const shown = [["ended", "ended"], ...Array.from({ length: last - thisMonth }, (_, at) => {
    const number = thisMonth + at;
    return [monthText(number), MONTHS[number % 12], String(Math.floor(number / 12)), at === 0 || number % 12 === 0];
  }), [after, "later"], ["none", "no end"]].filter(([key]) => /^\d/.test(key) || columns.has(key));
  function mark(one) {
    const about = [one.row.rule, one.ending === NONE ? "no end" : "until " + or(one.row.until, time(one.row.ends)) + ", " + leftOf(one), or(one.row.owner, "")].filter(Boolean).map(plain).join(", ");
    return toRule(one.row.rule, signOf(one.ending), { class: "mark", title: about, "aria-label": about, tabindex: "-1" });
  }
  const axis = h("ol", { class: "axis" }, shown.map(([key, text, year, isFirst]) => {
    const list = columns.get(key) || [];
    const name = key === after ? after : year ? text + " " + year : text;
    const label = [text, year ? h("span", {}, " " + year) : null];
    return h("li", { class: [list.length ? null : "free", isFirst ? "year" : null].filter(Boolean).join(" ") || null },
      h("ul", { class: "marks", "aria-label": name + ": " + plural(list.length, "exception") },
        list.slice(0, MOST_MARKS).map((one) => h("li", {}, mark(one))),
        list.length > MOST_MARKS ? h("li", {}, toExceptions({ ends: key }, "+" + count(list.length - MOST_MARKS), { class: "more", "aria-label": name + ": show all " + count(list.length) })) : null),
      h("div", { class: "when" }, list.length ? toExceptions({ ends: key }, label, { "aria-label": name + ": show " + plural(list.length, "exception") }) : label));
  }));
  // One stop of the Tab key for all marks: arrows go on from there.
  const marks = [...axis.querySelectorAll(".mark")];
  if (marks.length) marks[0].tabIndex = 0;
  axis.addEventListener("keydown", (event) => {
    const at = marks.indexOf(document.activeElement);
    const to = { ArrowRight: at + 1, ArrowUp: at + 1, ArrowLeft: at - 1, ArrowDown: at - 1, Home: 0, End: marks.length - 1 }[event.key];
    if (at < 0 || to === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    const wanted = marks[Math.min(marks.length - 1, Math.max(0, to))];
    for (const one of marks) one.tabIndex = one === wanted ? 0 : -1;
    wanted.focus();
  });
  fill(byId("endings"), cases.length ? [
    h("p", { class: "muted screen" }, "Each mark is an exception, in the month in which it ends. Choose one to see all of it.", h("span", { class: "sr" }, " The arrow keys go from mark to mark.")),
    h("div", { class: "scroll", role: "region", tabindex: "0", "aria-label": "Endings by month" }, axis),
    h("ul", { class: "legend signs" }, ENDINGS.map((ending) => {
      const list = withEnding(ending.key);
      return list.length ? h("li", {}, signOf(ending), toExceptions({ ends: ending.key }, count(list.length), { class: "count" }), " " + ending.text) : null;
    })),
  ] : h("p", { class: "empty" }, "There is no exception."));

  // --- exceptions ----------------------------------------------------------------------------------------------------
  const firstOwners = (owners) => plain(owners.slice(0, 3).join(", ")) + (owners.length > 3 ? " and " + count(owners.length - 3) + " more" : "");
  // Only a whole address of the web is a link, and it shows where it leads.
  function linkOrText(text) {
    let address = null;
    try { address = new URL(text); } catch { return plain(text); }
    if (address.protocol !== "https:" || address.username || address.password || /\s/.test(text) || plain(text) !== text) return plain(text);
    return h("a", { href: address.href, rel: "noopener noreferrer", target: "_blank" }, address.href);
  }
  const badges = (row, ending) => [row.mode !== "enforce" ? [" ", h("span", { class: "badge m" }, plain(row.mode))] : null,
    !row.in_force && ending.key !== "ended" ? [" ", h("span", { class: "badge" }, "not in force")] : null];
  const number = (key, title) => ({ key, title, number: true, value: ({ row }) => or(held(row, key), -1), cell: ({ row }) => quantity(held(row, key)) });
  const listed = table("Exceptions, and what each holds", [
    { key: "rule", title: "Rule", value: (one) => one.row.rule, cell: (one) => [toRule(one.row.rule), badges(one.row, one.ending), some(one.row.description) ? h("small", {}, plain(one.row.description)) : null] },
    { key: "owner", title: "Owner", value: (one) => one.owners.slice(0, 3).join(", "), cell: ({ row, owners }) => [plain(or(row.owner, "none")), isByAccount(row) ? h("small", { class: "muted" }, firstOwners(owners)) : null] },
    { key: "ticket", title: "Ticket", value: (one) => or(one.row.ticket, ""), cell: (one) => some(one.row.ticket) ? linkOrText(one.row.ticket) : "none" },
    { key: "until", title: "Until", value: (one) => some(one.row.ends) ? Date.parse(one.row.ends) : Infinity, cell: (one) => h("span", { class: "left" }, plain(or(one.row.until, some(one.row.ends) ? time(one.row.ends) : "no end"))) },
    { key: "days", title: "Days left", number: true, value: (one) => some(one.row.ends) ? one.row.days_left : Infinity,
      cell: (one) => h("span", {}, signOf(one.ending), " ", one.ending === NONE ? "no end" : one.ending.key === "ended" ? "ended" : count(one.row.days_left)) },
    number("findings", "Holds"), ...(inHubs ? [number("signals", "Signals")] : []), number("overruled", "Overruled"), number("above_ceiling", "Above ceiling"),
  ], { sorted: "until", empty: "No exception has these words and choices.", key: "exceptions", fixed: { at: "exceptions" }, printed: MOST_PRINTED });
  const FIXED = { at: "exceptions", "exceptions-page": "" };
  const owners = [...new Set(cases.flatMap((one) => one.owners))].sort().slice(0, 1000);
  const isWanted = {
    "": () => true,
    [NEXT]: (one) => one.ending === ENDINGS[1] || one.ending === ENDINGS[2],
  };
  function endsAsChosen(one, wanted) {
    return Object.hasOwn(isWanted, wanted) ? isWanted[wanted](one) : one.ending.key === wanted || columnOf(one) === wanted || one.month === wanted;
  }
  const status = h("p", { role: "status" });
  fill(byId("exceptions"),
    h("p", { class: "muted screen" }, "Choose a rule to see its reason, its history, and what it holds. The address of this page then leads to it, and to each choice made here."),
    h("div", { class: "tools" }, search("q", "Search exceptions", "Rule, owner, ticket, reason", FIXED),
      choice("owner", "Owner", owners.map((name) => [name, name]), "All owners", FIXED),
      choice("ends", "Ends", [...ENDINGS.slice(0, 2), { key: String(NEXT), text: "within " + NEXT + " days" }, ...ENDINGS.slice(2)].map((one) => [one.key, one.text]), "At any time", FIXED)),
    status, listed.node);
  state.watch(["q", "owner", "ends"], () => {
    const words = kit.words(state.get("q"));
    const [owner, wanted] = [state.get("owner"), state.get("ends")];
    const rows = cases.filter((one) => (!owner || one.owners.includes(owner)) && endsAsChosen(one, wanted) && words.every((word) => one.text.includes(word)));
    status.textContent = plural(rows.length, "exception");
    listed.show(rows);
  });

  // --- does it balance -----------------------------------------------------------------------------------------------
  const GROUPS = hidden ? [["hidden by rules", hidden.by_rules, "c-hide"], ["resolved by Security Hub, because their control passed", hidden.by_service, "c-note"],
    ["hidden by people or other tools, and by no rule", hidden.by_others, "c-bad"], [UNKNOWN + ": the input has no entries of the ledger", hidden.not_known, "c-quiet"]] : [];
  const ALL_ACTIVE = JSON.stringify({ RecordState: [{ Value: "ACTIVE", Comparison: "EQUALS" }] });
  const NOT_CLOSED = JSON.stringify({ CompositeFilters: [{ StringFilters: [{ FieldName: "activity_name", Filter: { Value: "Close", Comparison: "NOT_EQUALS" } }], Operator: "OR" }], CompositeOperator: "AND" });
  const filters = source.exports.flatMap((one) => [one.filters, one.filters_v2]).map((one) => JSON.stringify(one)).filter((text) => text !== undefined && text !== "null" && text !== "{}" && text !== ALL_ACTIVE && text !== NOT_CLOSED);
  const notes = (texts) => h("ul", { class: "notes" }, texts.map((text) => h("li", {}, text)));
  const places = (list) => [list.slice(0, 5).map((text) => h("span", { class: "shift" }, h("code", {}, plain(text)))), list.length > 5 ? "and more" : null];
  function doubts() {
    return [
      hidden.not_known ? plural(hidden.not_known, "hidden finding") + " came without entries of the ledger. Rules, people or other tools may hide " + (hidden.not_known === 1 ? "it." : "them.") : null,
      source.unusable ? [plural(source.unusable, "record") + " of the input could not be used:", places(source.first_unusable)] : null,
      source.cut_off.length ? ["The input could not be read to its end. How many findings are missing is " + UNKNOWN + ":", places(source.cut_off)] : null,
      hidden.undecidable ? plural(hidden.undecidable, "finding") + " may have changed while being read. So the group of " + (hidden.undecidable === 1 ? "it" : "each") + " may be wrong." : null,
    ].filter(Boolean);
  }
  function verdict() {
    const total = sum(GROUPS, ([, n]) => n);
    const terms = GROUPS.filter(([, n]) => n).map(([, n]) => count(n)).join(" + ") || "0";
    if (total !== hidden.hidden) return h("p", { class: "verdict bad" }, "It does not balance: the groups add up to " + count(total) + ", and " + plural(hidden.hidden, "finding") + " are hidden.");
    const reasons = doubts();
    if (!reasons.length) return h("p", { class: "verdict" }, "It balances: " + terms + (terms.includes("+") ? " = " + count(total) : "") + ". Each hidden finding is in exactly one of these groups.");
    return [h("p", { class: "verdict" }, "Whether it balances is " + UNKNOWN + ". The groups add up to " + count(total) + ", but not all is known:"), notes(reasons)];
  }
  // Each hub balances by itself, and the hubs add up to all. A signal that both show counts once.
  function eachHub() {
    const rows = [...Object.entries(inHubs.by_hub).map(([hub, counts]) => ({ name: hubName(hub), ...counts })), { name: "Both", ...inHubs }];
    const column = (key, title) => ({ key, title, number: true, value: (one) => one[key], cell: (one) => count(one[key]) });
    return h("section", {}, h("h3", {}, "In each hub"), table("Hidden findings of each hub", [
      { key: "hub", title: "Hub", value: (one) => one.name, cell: (one) => plain(one.name) },
      column("findings_read", "Read"), column("hidden", "Hidden"), column("by_rules", "By rules"), column("by_service", "By Security Hub"),
      column("by_others", "By others"), column("not_known", "Not known"),
    ], { rows, key: "hubs", fixed: { at: "balance" } }).node);
  }
  const CAUSES = { service: "by Security Hub, because its control passed", others: "by people or other tools", "not known": "not known by whom" };
  const causeOf = (by) => Object.hasOwn(CAUSES, by) ? CAUSES[by] : "by " + by;
  function signals() {
    const all = inHubs.signals;
    const kinds = [["hidden in both hubs", all.hidden_in_both], ["hidden in the only hub that shows them", all.alone], ["hidden in one hub, and visible in the other", all.hidden_in_one]].filter(([, n]) => n);
    return h("section", {}, h("h3", {}, "In signals"),
      h("p", {}, "A signal that both hubs show has a finding in each, and counts once: " + plural(all.hidden, "signal") + (all.hidden === 1 ? " is" : " are") + " hidden" + (kinds.length ? ": " : ".") + kinds.map(([name, n]) => count(n) + " " + name).join(", ") + (kinds.length ? "." : "")),
      all.in_doubt ? h("p", { class: "muted" }, count(all.in_doubt) + " of these are Macie\u2019s and in one hub alone. It may name a finding otherwise in each hub, so that two of them may be one.") : null,
      all.examples.length ? table("Signals that one hub hides and the other shows", [
        { key: "id", title: "Signal", value: (one) => or(one.id, ""), cell: (one) => [h("code", {}, plain(or(one.id, UNKNOWN))), some(one.metadata_uid) ? h("small", {}, "in V2 " + plain(one.metadata_uid)) : null] },
        { key: "account", title: "Account", value: (one) => or(one.account, ""), cell: (one) => plain(or(one.account, UNKNOWN)) },
        { key: "hidden_in", title: "Hidden in", value: (one) => hubName(one.hidden_in), cell: (one) => plain(hubName(one.hidden_in)) },
        { key: "visible_in", title: "Visible in", value: (one) => hubName(one.visible_in), cell: (one) => plain(hubName(one.visible_in)) },
        { key: "why", title: "Hidden by", wide: true, value: (one) => Object.values(one.causes).join(" "), cell: (one) => h("div", {}, Object.entries(one.hidden_by).map(([name, value]) =>
          h("span", { class: "shift" }, h("span", { class: "muted" }, plain(name) + " "), h("b", {}, plain(String(value))), " " + plain(causeOf(one.causes[name]))))) },
      ], { rows: all.examples, key: "split", fixed: { at: "balance" }, printed: MOST_PRINTED }).node : null);
  }
  fill(byId("balance"), hidden ? [
    verdict(),
    filters.length ? notice("The findings were chosen by filters, so the register covers a part of the hub only: ", places(filters)) : null,
    h("ul", { class: "rows groups" }, GROUPS.map(([name, n, kind]) => h("li", {},
      h("div", { class: "label" }, h("span", {}, name), h("b", {}, count(n))), track(n / Math.max(1, hidden.hidden), kind)))),
    inHubs ? [eachHub(), signals()] : null,
  ] : h("p", {}, "That is " + UNKNOWN + ": the register was made without findings. Give it an export, or --live."));

  // --- what no rule accounts for ---------------------------------------------------------------------------------------
  // What another version of the register may say in a richer form, as text.
  function said(value) {
    if (!some(value)) return UNKNOWN;
    if (Array.isArray(value)) return value.map(said).join(", ");
    return typeof value === "object" ? Object.entries(value).map(([name, one]) => name + ": " + said(one)).join("; ") : String(value);
  }
  const fieldsOf = (one) => Object.entries(one.hidden_by || {});
  const examples = hidden ? hidden.others : [];
  function unaccounted() {
    if (!hidden) return h("p", {}, "That is " + UNKNOWN + ": the register was made without findings.");
    const intro = ["Findings that people or other tools hide, and no rule: ", quantity(hidden.by_others), ". ",
      hidden.not_known ? "Of " + count(hidden.not_known) + " more it is " + UNKNOWN + ". " : null];
    if (!examples.length) return h("p", {}, hidden.by_others || inPart ? intro : "Rules and Security Hub account for every hidden finding.");
    const by = examples.some((one) => "by" in one) ? [{ key: "by", title: "By", value: (one) => said(one.by), cell: (one) => some(one.by) ? plain(said(one.by)) : unknown() }] : [];
    return [
      h("p", {}, intro, examples.length < hidden.by_others ? "The table has " + count(examples.length) + " of them." : null),
      table("Findings that no rule accounts for", [
        { key: "id", title: "Finding", value: (one) => or(one.id, ""), cell: (one) => [h("code", {}, plain(or(one.id, UNKNOWN))), some(one.product_arn) ? h("small", {}, plain(one.product_arn)) : null] },
        ...(inHubs ? [{ key: "hub", title: "Hub", value: (one) => hubName(one.hub), cell: (one) => [plain(hubName(one.hub)), some(one.metadata_uid) ? h("small", {}, plain(one.metadata_uid)) : null] }] : []),
        { key: "account", title: "Account", value: (one) => or(one.account, ""), cell: (one) => plain(or(one.account, UNKNOWN)) },
        { key: "severity", title: "Severity", value: (one) => or(one.severity, ""), cell: (one) => plain(or(one.severity, "none")) },
        { key: "field", title: "Hidden by", wide: true, value: (one) => fieldsOf(one).flat().join(" "), cell: (one) => h("div", {}, fieldsOf(one).map(([name, value]) => h("span", { class: "shift" }, h("span", { class: "muted" }, plain(name) + " "), h("b", {}, plain(said(value)))))) },
        ...by,
      ], { rows: examples, key: "unaccounted", fixed: { at: "unaccounted" }, printed: MOST_PRINTED }).node,
    ];
  }
  fill(byId("unaccounted"), unaccounted());

  // --- rules that are gone -----------------------------------------------------------------------------------------------
  if (ended.length) fill(byId("gone"),
    h("p", { class: "muted" }, "These rules are not there any more. The next sweep takes back what they hold."),
    table("What rules that are gone still hold", [
      { key: "rule", title: "Rule", value: (one) => or(one.rule, ""), cell: (one) => plain(or(one.rule, "a rule, " + UNKNOWN + " which")) },
      { key: "findings", title: "Holds", number: true, value: (one) => or(held(one, "findings"), -1), cell: (one) => quantity(held(one, "findings")) },
      { key: "accounts", title: "Accounts", number: true, value: (one) => or(held(one, "accounts"), -1), cell: (one) => quantity(held(one, "accounts")) },
    ], { rows: ended, sorted: "-findings", key: "gone", fixed: { at: "gone" }, printed: MOST_PRINTED }).node);
  else byId("gone").parentElement.remove();

  // --- one exception -----------------------------------------------------------------------------------------------------
  const commit = (one) => plain(one.day + " by " + or(one.author, UNKNOWN) + " (commit " + one.commit + ")");
  function renewals(row) {
    if (row.renewals === null || row.renewals === undefined) return unknown();
    if (row.renewals.length) return h("ol", {}, row.renewals.map((one) => h("li", {}, commit(one))));
    return some(row.author) ? "never" : "none in what git was asked for";
  }
  function bars(title, counts, total, rest) {
    const all = Object.entries(counts || {});
    if (!all.length) return null;
    const left = total - sum(all, ([, n]) => n);
    return h("div", {}, h("h4", {}, title), h("ul", { class: "rows" }, all.map(([name, n]) => h("li", {},
      h("div", { class: "label" }, h("span", {}, plain(name)), h("span", {}, count(n))), track(n / Math.max(1, total), "c-hide", true)))),
    left > 0 ? h("p", { class: "muted" }, "and " + plural(left, "finding") + " " + rest) : null);
  }
  function holdsOf(row) {
    if (row.holds === null) return h("p", {}, "What it holds is ", unknown(), ".");
    const { findings } = row.holds;
    return [
      facts([["Hidden by it now", findingsOf(findings)],
        ["In signals", inHubs ? [quantity(row.holds.signals), Object.entries(row.holds.by_hub).map(([hub, n], at) => [at ? ", " : ": ", findingsOf(n), " in " + hubName(hub)])] : null],
        ["In accounts", quantity(row.holds.accounts)],
        ["Overruled by people", findingsOf(row.holds.overruled)], ["Visible, above its ceiling", findingsOf(row.holds.above_ceiling)]]),
      h("div", { class: "holds" }, bars("By severity", row.holds.by_severity, findings, "of other severities"), bars("By account", row.holds.by_account, findings, "in other accounts"),
        bars("By product", row.holds.by_product, findings, "of other products"), bars("By owner", row.by_owner, findings, "of other owners")),
    ];
  }
  function detailsOf(one) {
    const { row } = one;
    return [
      some(row.description) ? h("p", {}, plain(row.description)) : null,
      facts([["Owner", or(row.owner, "none")], ["Owners", isByAccount(row) ? firstOwners(one.owners) || "none in the account directory" : null], ["Ticket", some(row.ticket) ? linkOrText(row.ticket) : "none"], ["Reason", or(row.reason, "none")],
        ["Hides up to", row.ceiling], ["Mode", row.mode], ["In force", row.in_force ? "yes" : "no"],
        ["Since", or(row.since, unknown())], ["Until", [signOf(one.ending), " ", plain(or(row.until, some(row.ends) ? time(row.ends) : "no end")), one.ending === NONE ? null : ", " + leftOf(one)]],
        ["Written by", or(row.author, unknown())], ["Last changed", row.changed ? commit(row.changed) : unknown()],
        ["Approved by", row.approvers && row.approvers.length ? h("ul", {}, row.approvers.map((name) => h("li", {}, plain(name)))) : unknown()],
        ["Renewed", renewals(row)]]),
      h("section", {}, h("h3", {}, "What it holds"), holdsOf(row)),
    ];
  }
  kit.dialogs({ about: (name) => {
    const one = caseOf.get(name);
    if (!one) return ["No such exception", h("p", {}, "This register has no rule ", h("code", {}, plain(name)), " that hides. The link may belong to another page.")];
    return [plain(name), [detailsOf(one), h("p", { class: "permalink" }, state.link({ about: name }, "Link to this exception"))]];
  } });

  // --- on paper: all details, of the exceptions that are chosen --------------------------------------------------------------
  kit.printing.watch(() => {
    const all = kit.printing.now() ? listed.rows() : [];
    byId("details").hidden = !all.length;
    fill(byId("each"), all.slice(0, MOST_PRINTED).map((one) => h("article", {}, h("h3", {}, plain(one.row.rule)), detailsOf(one))),
      all.length > MOST_PRINTED ? h("p", {}, "These are the first " + count(MOST_PRINTED) + " of " + count(all.length) + ": search, or choose an owner, to print the others.") : null);
  });

  // --- sections ------------------------------------------------------------------------------------------------------------
  fill(byId("sections"), [...document.querySelectorAll("main section:not(.paper) > h2")].map((heading) => state.link({ at: heading.id.slice(2) }, heading.textContent)));
  document.querySelector(".skip").addEventListener("click", (event) => { event.preventDefault(); state.set({ at: "exceptions" }); kit.goTo("exceptions"); });
  if (state.get("at") && !state.get("about")) kit.goTo(state.get("at"));

  byId("foot").textContent = "A snapshot: it does not change when findings or rules do. This page is one file: it loads nothing and sends nothing. It has texts of your findings, so keep it where you may keep findings.";
})();
