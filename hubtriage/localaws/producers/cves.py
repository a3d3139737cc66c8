"""Published vulnerabilities: CVE, package, installed and fixed version, CVSS, EPSS, known exploit.

Scores and vectors follow NVD; EPSS values are rounded, and drift over time in reality.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Cve:
    """A vulnerability in a package; `fixed` is None when there is no fixed version."""

    id: str
    package: str
    installed: str
    fixed: str | None
    score: float
    vector: str
    epss: float
    exploit: bool
    manager: str

    @property
    def label(self) -> str:
        """CVSS 3: low below 4, medium below 7, high below 9, else critical."""
        bands = ((9.0, "CRITICAL"), (7.0, "HIGH"), (4.0, "MEDIUM"))
        return next((label for floor, label in bands if self.score >= floor), "LOW")


_TABLE: Final = """
CVE-2023-44487|golang.org/x/net|v0.7.0|v0.17.0|7.5|AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H|0.944|yes|GO
CVE-2023-4911|glibc|2.34-52.amzn2023|2.34-52.amzn2023.0.6|7.8|AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H|0.716|yes|OS
CVE-2024-6387|openssh|8.7p1-8.amzn2023|8.7p1-8.amzn2023.0.11|8.1|AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:H/A:H|0.418|yes|OS
CVE-2023-38545|curl|7.88.1-1.amzn2023|8.3.0-1.amzn2023.0.2|9.8|AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H|0.262|no|OS
CVE-2022-40897|setuptools|58.1.0|65.5.1|5.9|AV:N/AC:H/PR:N/UI:N/S:U/C:N/I:N/A:H|0.002|no|PYTHONPKG
CVE-2023-32681|requests|2.28.1|2.31.0|6.1|AV:N/AC:H/PR:N/UI:R/S:C/C:H/I:N/A:N|0.058|no|PYTHONPKG
CVE-2022-25883|semver|7.3.7|7.5.2|7.5|AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H|0.004|no|NODEPKG
CVE-2021-44228|org.apache.logging.log4j:log4j-core|2.14.1|2.15.0|10.0|AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H|0.944|yes|JAR
CVE-2022-0778|openssl|1.1.1g-12.amzn2|1.1.1g-12.amzn2.0.7|7.5|AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H|0.070|yes|OS
CVE-2022-1271|gzip|1.5-10.amzn2|1.5-10.amzn2.0.1|8.8|AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H|0.007|no|OS
CVE-2023-0286|openssl|3.0.5|3.0.8|7.4|AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:N/A:H|0.881|no|OS
CVE-2016-2781|coreutils|8.32-4.1||6.5|AV:L/AC:L/PR:L/UI:N/S:C/C:N/I:H/A:N|0.001|no|OS
CVE-2022-3715|bash|5.1-2+deb11u1||7.8|AV:L/AC:L/PR:N/UI:R/S:U/C:H/I:H/A:H|0.001|no|OS
CVE-2018-20796|glibc|2.31-13+deb11u5||7.5|AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H|0.014|no|OS
CVE-2019-1010022|glibc|2.31-13+deb11u5||9.8|AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H|0.002|no|OS
CVE-2023-2650|openssl|3.0.8-1|3.0.9-1|6.5|AV:N/AC:L/PR:N/UI:R/S:U/C:N/I:N/A:H|0.917|no|OS
CVE-2022-22965|org.springframework:spring-beans|5.3.17|5.3.18|9.8|AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H|0.944|yes|JAR
CVE-2021-33574|glibc|2.31-13+deb11u2|2.31-13+deb11u3|9.8|AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H|0.007|no|OS
CVE-2024-3094|xz-utils|5.6.0-0.2|5.6.1+really5.4.5-1|10.0|AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H|0.850|yes|OS
CVE-2020-8911|github.com/aws/aws-sdk-go|v1.33.0||5.6|AV:L/AC:H/PR:L/UI:N/S:C/C:H/I:N/A:N|0.001|no|GO
CVE-2023-45853|zlib|1.2.13.dfsg-1||9.8|AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H|0.003|no|OS
CVE-2011-3374|apt|2.2.4||3.7|AV:N/AC:H/PR:N/UI:N/S:U/C:N/I:L/A:N|0.002|no|OS
"""


def _parsed(line: str) -> Cve:
    identifier, package, installed, fixed, score, vector, epss, exploit, manager = line.split("|")
    return Cve(
        identifier,
        package,
        installed,
        fixed or None,
        float(score),
        vector,
        float(epss),
        exploit == "yes",
        manager,
    )


CVES: Final = tuple(_parsed(line) for line in _TABLE.strip().splitlines())
