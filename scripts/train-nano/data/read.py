"""Everything unpacked -> rows: decides which reader sees which package, nothing about formats or splits."""

import pickle
import re
from collections import defaultdict
from multiprocessing import Pool

from . import catalogs, code, debian, documents, lexicons
from .text import LANGUAGES


CODE_PACKAGES = ("python3-", "libpython3", "mercurial", "ansible")


def _files(folder):
    return sorted((path, "/" + str(path.relative_to(folder))) for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def read_indexes(lists):
    """Parallel rows and pairs of the package indexes; groups are `package:SOURCE`."""
    indexes = sorted(lists.glob("*_Packages.*"))
    translations = defaultdict(list)
    for path in sorted(lists.glob("*_Translation-*")):
        language = re.search(r"Translation-([a-z]+)(%5fCN)?\.", path.name)
        if language and language[1] in LANGUAGES and (language[1] != "zh" or language[2]):
            translations[language[1]].append(path)
    sources, by_md5 = debian.read_sources(indexes)
    parallel, pairs = [], []
    for md5, by_language in debian.read_descriptions(translations).items():
        package = next(iter(by_language.values()))[2]
        group = "package:" + (by_md5.get(md5) or sources.get(package) or package)
        parallel.extend(debian.read_parallel(group, by_language))
        pairs.extend(debian.read_pairs(group, by_language))
    return parallel, pairs


def read_packages(unpacked, rows_folder, report):
    """Parallel rows and pairs of all unpacked packages; groups are `PACKAGE/FILE`. Each package's rows are kept in
    `rows_folder`, so that an interrupted run goes on where it was."""
    rows_folder.mkdir(exist_ok=True)
    folders = sorted(unpacked.iterdir())
    parallel, pairs = [], []
    with Pool(2) as pool:
        jobs = ((folder, rows_folder / f"{folder.name}.pickle") for folder in folders)
        for folder, kept in zip(folders, pool.imap(_read_package, jobs, chunksize=4)):
            more_parallel, more_pairs = pickle.loads(kept.read_bytes())
            report[folder.name] = [len(more_parallel), len(more_pairs)]
            parallel.extend(more_parallel)
            pairs.extend(more_pairs)
        print("catalogues, dictionaries and code:", len(parallel), "parallel rows,", len(pairs), "pairs", flush=True)
        files = [entry for folder in folders for entry in _files(folder)]
        more_parallel, more_pairs = _read_documents(files, rows_folder / "documents.rows", pool)
    return parallel + more_parallel, pairs + more_pairs


def _read_package(job):
    folder, kept = job
    if not kept.exists():
        files = _files(folder)
        parallel, pairs = list(catalogs.read_catalogs(folder.name, [path for path, _ in files])), []
        for row in [*_lexicon_rows(folder, files), *_code_rows(folder, files)]:
            (parallel if isinstance(row[1], dict) else pairs).append(row)
        kept.with_suffix(".new").write_bytes(pickle.dumps((parallel, pairs)))
        kept.with_suffix(".new").rename(kept)
    return kept


def _code_rows(folder, files):
    if not folder.name.startswith(CODE_PACKAGES):
        return
    for path, inside in files:
        if inside.endswith(".py") and "/tests/" not in inside:
            yield from code.read_functions(f"{folder.name}{inside}", path)


def _lexicon_rows(folder, files):
    by_inside = {inside: path for path, inside in files}
    for inside, path in by_inside.items():
        if inside.endswith("/wordnet/data.noun"):
            yield from lexicons.read_wordnet(path.parent)
        elif inside.endswith("/edict/edict"):
            yield from lexicons.read_edict(path)
        elif inside.endswith("/trans/de-en"):
            yield from lexicons.read_german(path)
        elif found := re.search(r"/mythes/th(?:es)?_(en|fr|de|es|ru)(?:_\w+)?\.dat$", inside):
            yield from lexicons.read_mythes(path, found[1])
        elif inside.endswith(".index") and "/dictd/" in inside:
            dictionary = path.with_name(path.name.replace(".index", ".dict.dz"))
            if not dictionary.exists():
                continue
            entries = lexicons.read_dictd(path, dictionary)
            pair = folder.name.removeprefix("dict-freedict-")
            if pair != folder.name:
                yield from lexicons.read_freedict(pair, entries) if set(pair.split("-")) <= set(lexicons.CODES) else ()
            else:
                yield from lexicons.read_definitions(folder.name, entries)


def _read_documents(files, kept, pool):
    if kept.exists():
        return pickle.loads(kept.read_bytes())
    parallel, pairs = [], []
    documents_found = sorted(documents.find_documents(files).items(), key=lambda entry: entry[0][1])
    for more_parallel, more_pairs in pool.imap(_read_document, documents_found, chunksize=40):
        parallel.extend(more_parallel)
        pairs.extend(more_pairs)
    kept.write_bytes(pickle.dumps((parallel, pairs)))
    return parallel, pairs


def _read_document(found):
    (reader, name), paths = found
    group = f"document:{name}"
    blocks = {language: reader(path) for language, path in paths.items()}
    read_pairs = documents.read_man_summary if reader is documents.read_man else documents.read_sections
    return list(documents.read_parallel(group, blocks)), [row for rest in blocks.values() for row in read_pairs(group, rest)]
