"""Bugs of what happens to findings of Security Hub V2 in the function and in the sweep."""

from tests.mutants.mutation import Mutation

HUB_V2 = (
    Mutation(
        "both hubs' findings of a signal have one key",
        "engine/ocsf/view.py",
        "        return (HUB_V2, uid) if isinstance(uid, str) else None\n",
        "",
    ),
    Mutation(
        "any finding may name one of V2",
        "aws/triage/events.py",
        "                whole = as_asff(finding)\n",
        "                whole = finding\n",
    ),
    Mutation(
        "a finding that is read may name one of V2",
        "aws/securityhub/hub_v2.py",
        '            return {**answer, "Findings": [as_asff(each) for each in answer["Findings"]]}',
        "            return answer",
    ),
    Mutation(
        "findings of a hub that is not triaged are",
        "aws/triage/events.py",
        "    if hub not in hubs:",
        "    if False:",
    ),
    Mutation(
        "a finding without metadata.uid spoils its message",
        "aws/triage/events.py",
        '    uid = _name({"metadata.uid": named and named[1]}, "metadata.uid", LONGEST_UID)',
        "    uid = named[1]",
    ),
    Mutation(
        "V2 gets the values of the other hub",
        "aws/triage/steps/dispatch.py",
        "    return decision.update if decision.on_v2 is None else decision.on_v2.update",
        "    return decision.update",
    ),
    Mutation(
        "a boolean is a status",
        "aws/securityhub/hub_v2.py",
        "isinstance(value, int) and not isinstance(value, bool) and value in numbers",
        "isinstance(value, int) and value in numbers",
    ),
    Mutation(
        "an incomplete answer by the other names is believed",
        "aws/securityhub/hub_v2.py",
        "len(found) == len(uids) and not any(",
        "not any(",
    ),
    Mutation(
        "an answer by the other names may contradict itself",
        "aws/securityhub/hub_v2.py",
        "is_alone=not others",
        "is_alone=True",
    ),
    Mutation(
        "different errors of findings that are not named are handed out in their order",
        "aws/securityhub/hub_v2.py",
        "for each in found}) == 1",
        "for each in found}) >= 1",
    ),
    Mutation(
        "what one hub forbids stops the halving of calls to the other",
        "aws/securityhub/sending.py",
        "return not self._parts_accepted[is_v2] and self._parts_refused[is_v2] >= HOPELESS",
        "return not self._parts_accepted[is_v2] and self._parts_refused.total() >= HOPELESS",
    ),
    Mutation(
        "a history that V2 does not have is awaited",
        "engine/planning/plan.py",
        "unrecorded=() if parsed.is_v2 else tuple(reviewed.unrecorded)",
        "unrecorded=tuple(reviewed.unrecorded)",
    ),
    Mutation(
        "a history that V2 does not have is asked",
        "engine/planning/plan.py",
        "        authors = _NO_RECORDS\n",
        "        pass\n",
    ),
    Mutation(
        "what a finding shows does not tell that a lost update happened",
        "aws/triage/steps/asking.py",
        "            return shows_any(intent, ParsedFinding(shown))",
        "            return False",
    ),
    Mutation(
        "what was there before tells that an update happened",
        "aws/triage/settling.py",
        "        value != intent.was.get(name) and stored(finding.value(name)) == value\n",
        "        stored(finding.value(name)) == value\n",
    ),
    Mutation(
        "what an update in doubt would have taken back is given away",
        "aws/triage/settling.py",
        "    if finding is None or not finding.is_v2:",
        "    if True:",
    ),
    Mutation(
        "without a history, one value that is as it was tells that an update did nothing",
        "aws/triage/steps/asking.py",
        "            return shows_any(intent, ParsedFinding(shown))",
        "            return is_shown(intent, ParsedFinding(shown))",
    ),
)
SWEEP_V2 = (
    Mutation(
        "a sweep ends after the pages of the first hub",
        "aws/sweep/pages.py",
        "        return token or (_OF_V2 if V2 in self._hubs else None)",
        "        return token",
    ),
    Mutation(
        "a message mixes findings of both hubs",
        "aws/sweep/walk.py",
        'self._bundles.add("", finding, now, hub=hub)',
        'self._bundles.add("", finding, now)',
    ),
    Mutation(
        "entries of a hub that is not triaged count as gone",
        "aws/sweep/pages.py",
        "        others = {key for key in page.entries if hub_of(key) not in self._sources.hubs}",
        "        others = set[Key]()",
    ),
    Mutation(
        "entries of a hub that is not triaged are left out without a word",
        "aws/sweep/pages.py",
        "        page.skipped += sorted({OF_OTHER_HUB[hub_of(key)] for key in others})\n",
        "",
    ),
    Mutation(
        "a finding without a name is left out without a word",
        "aws/sweep/pages.py",
        "            page.skipped.append(NAMELESS)",
        "            pass",
    ),
    Mutation(
        "closed findings of V2 are swept as active ones",
        "aws/securityhub/api.py",
        '"Value": "Close"',
        '"Value": "Closed"',
    ),
    Mutation(
        "entries of V2 are passed over where a product is asked for",
        "aws/sweep/request.py",
        "not self.products or is_named or is_of_v2(key)",
        "not self.products or is_named",
    ),
    Mutation(
        "products of V2 have the ARNs of the other hub",
        "aws/sweep/request.py",
        "tuple(map(product_in_v2, self._product_arns))",
        "self._product_arns",
    ),
)
