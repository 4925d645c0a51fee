# PostgreSQL with this extension: the official image, and what `make install` adds to it.
#
#   docker build -t vector --build-arg PG_MAJOR=17 .
#   docker run -d --shm-size=1g -e POSTGRES_PASSWORD=... vector
#
# Then, in each database: CREATE EXTENSION vector;
# Parallel builds of indexes need shared memory of the size of maintenance_work_mem: --shm-size.

ARG PG_MAJOR=17

FROM postgres:${PG_MAJOR}-bookworm AS build
ARG PG_MAJOR
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
       g++ libeigen3-dev make postgresql-server-dev-${PG_MAJOR} \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /vector
COPY GNUmakefile Makefile.pgxs vector.control ./
COPY include include
COPY scripts/move-from-pgvector scripts/
COPY sql sql
COPY src src
RUN make -j "$(nproc)" PG_CONFIG=/usr/lib/postgresql/${PG_MAJOR}/bin/pg_config \
    && make install DESTDIR=/installed PG_CONFIG=/usr/lib/postgresql/${PG_MAJOR}/bin/pg_config \
    && strip --strip-unneeded /installed/usr/lib/postgresql/${PG_MAJOR}/lib/vector.so

FROM postgres:${PG_MAJOR}-bookworm
COPY --from=build /installed/ /
