"""Converts trees to and from tar archives, the form in which they are sent."""

import io
import tarfile

from trees import Tree


def archive_of(tree: Tree) -> bytes:
    """Returns an archive of the files, in their order."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        for path, file in tree.items():
            member = tarfile.TarInfo(path)
            member.size = len(file)
            archive.addfile(member, io.BytesIO(file))
    return content.getvalue()


def archived(content: bytes) -> Tree:
    """Returns the files of an archive."""
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        members = archive.getmembers()
        return {each.name: archive.extractfile(each).read() for each in members}
