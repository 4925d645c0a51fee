"""SIFT descriptors (128 d, uint8) of pictures that Debian ships in packages.

usage: python3 -m data.sift DIRECTORY

Needs python3-opencv and apt; fetches about 480 MB of packages.  Queries come from pictures of
which no descriptor is in the base set.  The same package versions give the same rows.
"""

import os
import random
import subprocess
import sys
from multiprocessing import Pool

import numpy as np

from data.output import save_set

PACKAGES = (
    "openclipart-png",
    "tuxpaint-stamps-default",
    "plasma-workspace-wallpapers",
    "gnome-backgrounds",
    "mate-backgrounds",
    "ukui-wallpapers",
)
QUERY_PICTURES = 150
QUERIES = 1000
MAX_SIDE = 1600  # pixels: larger pictures are scaled down
MAX_KEYPOINTS = 2000  # of one picture, so that no picture dominates


def fetch_pictures(directory):
    """Unpack the packages below DIRECTORY; return the paths of all pictures, sorted."""
    unpacked = os.path.join(directory, "unpacked")
    if not os.path.exists(unpacked):
        os.makedirs(directory, exist_ok=True)
        # As root, apt would drop privileges to a user who may not write here.
        fetch = ["apt-get", "-qq", "-o", "APT::Sandbox::User=root", "download", *PACKAGES]
        subprocess.run(fetch, cwd=directory, check=True)
        for name in sorted(os.listdir(directory)):
            if name.endswith(".deb"):
                subprocess.run(["dpkg", "-x", name, "unpacked.tmp"], cwd=directory, check=True)
                os.unlink(os.path.join(directory, name))
        os.rename(os.path.join(directory, "unpacked.tmp"), unpacked)
    found = []
    for parent, _, names in os.walk(unpacked):
        found += [
            os.path.join(parent, n) for n in names if n.lower().endswith((".png", ".jpg", ".jpeg"))
        ]
    return sorted(path for path in found if os.path.isfile(path))


def descriptors(path):
    """The descriptors of one picture as uint8 rows; no rows if it cannot be read."""
    import cv2  # only this generator needs it

    cv2.setNumThreads(1)
    image = cv2.imread(path, cv2.IMREAD_GRAYSCALE)
    if image is None:
        return np.empty((0, 128), np.uint8)
    scale = MAX_SIDE / max(image.shape)
    if scale < 1:
        image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    _, rows = cv2.SIFT_create(nfeatures=MAX_KEYPOINTS).detectAndCompute(image, None)
    return np.empty((0, 128), np.uint8) if rows is None else rows.astype(np.uint8)


def main(directory):
    pictures = fetch_pictures(os.path.join(directory, "pictures"))
    random.Random(1).shuffle(pictures)
    with Pool(min(2, os.cpu_count())) as pool:
        query = np.concatenate(pool.map(descriptors, pictures[:QUERY_PICTURES], 8))
        base = np.concatenate(pool.map(descriptors, pictures[QUERY_PICTURES:], 8))
    rng = np.random.default_rng(7)
    base = rng.permutation(np.unique(base, axis=0))
    query = rng.permutation(np.unique(query, axis=0))[:QUERIES]
    save_set(directory, "sift", base, query)


if __name__ == "__main__":
    main(sys.argv[1])
