"""Debian's indexes and packages on this disk: downloaded by apt into a folder of its own, unpacked as far as needed.
Leaves the machine's own apt state alone and needs no root."""

import re
import subprocess
from pathlib import Path

SUITES = ("bookworm", "trixie")
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
LANGUAGES = "en zh_CN fr de ja es ru".split()
WANTED = [f"*/{language}/LC_MESSAGES/*.mo" for language in LANGUAGES[1:]] + """
*.pak *.xpi *.page *.docbook */help/*.xml */help/*.html */doc/*.html */debian-reference/*.html */gimp/*/help/*.html
*/man/man*/* */man/zh_CN/* */man/fr/* */man/de/* */man/ja/* */man/es/* */man/ru/* */dictd/* */edict/* */trans/*
*/mythes/* */wordnet/* *.py */copyright""".split()


def _apt(work, *arguments, cwd=None):
    languages = "; ".join(f'"{language}"' for language in LANGUAGES)
    (work / "apt.conf").write_text(
        f'#clear Acquire::Languages;\nAcquire::Languages {{ {languages}; }};\n'
        f'Dir::State::Lists "{work}/lists";\nDir::Cache "{work}/cache";\n'
        f'Dir::Etc::SourceList "{work}/sources.list";\nDir::Etc::SourceParts "-";\nDir::Etc::Parts "-";\n'
        'APT::Architectures { "amd64"; };\nAPT::Sandbox::User "root";\n'
    )
    command = ["apt-get", "-q", "-c", f"{work}/apt.conf", "-o", "Dir::Etc::Parts=/dev/null", *arguments]
    subprocess.run(command, check=True, cwd=cwd, env={"PATH": "/usr/bin:/bin", "APT_CONFIG": f"{work}/apt.conf"})


def fetch(work, package_list):
    """Lists, packages and their wanted files under `work`; what is there already stays."""
    work = Path(work).resolve()
    for name in ("lists/partial", "cache/archives/partial", "debs", "unpacked"):
        (work / name).mkdir(parents=True, exist_ok=True)
    if not any((work / "lists").glob("*_Packages*")):
        lines = [f"deb [signed-by={KEYRING}] http://deb.debian.org/debian {suite} main\n" for suite in SUITES]
        (work / "sources.list").write_text("".join(lines))
        _apt(work, "update")
    names = package_list.read_text().split()
    missing = [name for name in names if not any((work / "debs").glob(f"{name}_*.deb"))]
    for start in range(0, len(missing), 60):
        _apt(work, "download", *(f"{name}/{SUITES[0]}" for name in missing[start : start + 60]), cwd=work / "debs")
    for deb in sorted((work / "debs").glob("*.deb")):
        _unpack(deb, work / "unpacked" / deb.name.split("_")[0])


def _unpack(deb, folder):
    if folder.exists():
        return
    folder.mkdir()
    archive = subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(deb)], stdout=subprocess.PIPE)
    # tar says 2 for patterns that match nothing, which most packages give.
    subprocess.run(
        ["tar", "-x", "-C", str(folder), "--no-same-owner", "--wildcards", *WANTED],
        stdin=archive.stdout, stderr=subprocess.DEVNULL, check=False,
    )
    archive.wait()


def write_sources(work, report):
    """SOURCES.tsv: package, version, licences named in its copyright file, parallel rows, pairs."""
    rows = []
    for deb in sorted((work / "debs").glob("*.deb")):
        name, version = deb.name.split("_")[:2]
        copyright_file = work / "unpacked" / name / "usr/share/doc" / name / "copyright"
        text = copyright_file.read_text("utf-8", "replace") if copyright_file.is_file() else ""
        licences = dict.fromkeys(line.strip() for line in re.findall(r"^License:[ \t]*(\S.*)$", text, re.M))
        counts = report.get(name, [0, 0])
        version = version.replace("%3a", ":")
        rows.append("\t".join([name, version, "; ".join(licences) or "see its copyright file", *map(str, counts)]))
    (work / "SOURCES.tsv").write_text("package\tversion\tlicences\tparallel rows\tpairs\n" + "\n".join(rows) + "\n")
