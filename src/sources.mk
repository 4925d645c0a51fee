# Every translation unit, once.  Read by Makefile.pgxs and by CMakeLists.txt: keep the form
# "NAME = \" followed by one path a line; nothing else.

KERNEL_SRCS = \
	src/kernels/cpu_features.cpp \
	src/kernels/dispatch.cpp \
	src/kernels/scalar.cpp \
	src/kernels/scalar_codes.cpp \
	src/kernels/scalar_panels.cpp \
	src/kernels/scalar_selection.cpp \
	src/kernels/scalar_sparse.cpp

KERNEL_SRCS_x86_64 = \
	src/kernels/x86_amx_panels.cpp \
	src/kernels/x86_avx2.cpp \
	src/kernels/x86_avx2_bits.cpp \
	src/kernels/x86_avx2_codes.cpp \
	src/kernels/x86_avx2_panels.cpp \
	src/kernels/x86_avx2_selection.cpp \
	src/kernels/x86_avx512.cpp \
	src/kernels/x86_avx512_bits.cpp \
	src/kernels/x86_avx512_codes.cpp \
	src/kernels/x86_avx512_panels.cpp \
	src/kernels/x86_avx512_popcnt.cpp \
	src/kernels/x86_avx512_selection.cpp \
	src/kernels/x86_avx512_sparse.cpp \
	src/kernels/x86_avx512_vnni.cpp \
	src/kernels/x86_avx512_vnni_panels.cpp

KERNEL_SRCS_aarch64 = \
	src/kernels/arm_neon.cpp \
	src/kernels/arm_neon_codes.cpp

CORE_SRCS = \
	src/core/codes/format.cpp \
	src/core/codes/query.cpp \
	src/core/codes/query_split.cpp \
	src/core/codes/raw.cpp \
	src/core/codes/rotation.cpp \
	src/core/codes/rounded.cpp \
	src/core/codes/slots.cpp \
	src/core/codes/split.cpp \
	src/core/codes/value.cpp \
	src/core/error.cpp \
	src/core/hnsw/bulk/build.cpp \
	src/core/hnsw/bulk/choose_best.cpp \
	src/core/hnsw/bulk/collector.cpp \
	src/core/hnsw/bulk/columns.cpp \
	src/core/hnsw/bulk/leaf.cpp \
	src/core/hnsw/bulk/leaves_block.cpp \
	src/core/hnsw/bulk/link_points.cpp \
	src/core/hnsw/bulk/link_table.cpp \
	src/core/hnsw/bulk/list_file.cpp \
	src/core/hnsw/bulk/list_ranges.cpp \
	src/core/hnsw/bulk/near_leaf.cpp \
	src/core/hnsw/bulk/nearest.cpp \
	src/core/hnsw/bulk/page_order.cpp \
	src/core/hnsw/bulk/partition.cpp \
	src/core/hnsw/bulk/parts.cpp \
	src/core/hnsw/bulk/scouts.cpp \
	src/core/hnsw/bulk/spilled_build.cpp \
	src/core/hnsw/bulk/spilled_layer.cpp \
	src/core/hnsw/bulk/team.cpp \
	src/core/hnsw/bulk/unite_block.cpp \
	src/core/hnsw/layout.cpp \
	src/core/hnsw/memory_graph.cpp \
	src/core/ivf/assign.cpp \
	src/core/ivf/kmeans.cpp \
	src/core/ivf/layout.cpp \
	src/core/ivf/nearest.cpp \
	src/core/ivf/train_bits.cpp \
	src/core/ivf/train_floats.cpp \
	src/core/text/dense_text.cpp \
	src/core/text/number.cpp \
	src/core/text/sparse_text.cpp \
	src/core/vec/check.cpp \
	src/core/vec/dense.cpp \
	src/core/vec/moments.cpp \
	src/core/vec/sparse.cpp \
	src/core/vec/wire.cpp \
	src/core/visited_set.cpp

PG_SRCS = \
	src/pg/am_routine.cpp \
	src/pg/boundary.cpp \
	src/pg/hnsw/build.cpp \
	src/pg/hnsw/check.cpp \
	src/pg/hnsw/cost.cpp \
	src/pg/hnsw/graph_writer.cpp \
	src/pg/hnsw/handler.cpp \
	src/pg/hnsw/index.cpp \
	src/pg/hnsw/insert.cpp \
	src/pg/hnsw/parallel_build.cpp \
	src/pg/hnsw/row_queue.cpp \
	src/pg/hnsw/scan.cpp \
	src/pg/hnsw/search_store.cpp \
	src/pg/hnsw/settings.cpp \
	src/pg/hnsw/store_read.cpp \
	src/pg/hnsw/store_vacuum.cpp \
	src/pg/hnsw/store_write.cpp \
	src/pg/hnsw/temp_files.cpp \
	src/pg/hnsw/vacuum.cpp \
	src/pg/hnsw/write_graph.cpp \
	src/pg/index/build_workers.cpp \
	src/pg/index/heap_rows.cpp \
	src/pg/index/order_scan.cpp \
	src/pg/index/remembered_chunks.cpp \
	src/pg/index/row_value.cpp \
	src/pg/index/toasted_values.cpp \
	src/pg/index/values.cpp \
	src/pg/ivf/build.cpp \
	src/pg/ivf/build_flat.cpp \
	src/pg/ivf/coarse_centers.cpp \
	src/pg/ivf/cost.cpp \
	src/pg/ivf/entry_runs.cpp \
	src/pg/ivf/handler.cpp \
	src/pg/ivf/index.cpp \
	src/pg/ivf/insert.cpp \
	src/pg/ivf/kept.cpp \
	src/pg/ivf/list_writer.cpp \
	src/pg/ivf/loader.cpp \
	src/pg/ivf/parallel_build.cpp \
	src/pg/ivf/sample.cpp \
	src/pg/ivf/scan.cpp \
	src/pg/ivf/settings.cpp \
	src/pg/ivf/store_read.cpp \
	src/pg/ivf/store_write.cpp \
	src/pg/ivf/vacuum.cpp \
	src/pg/memory.cpp \
	src/pg/module.cpp \
	src/pg/needs_reindex.cpp \
	src/pg/recent_values.cpp \
	src/pg/remembered_buffers.cpp \
	src/pg/repeated_arguments.cpp \
	src/pg/types/aggregates.cpp \
	src/pg/types/arguments.cpp \
	src/pg/types/arithmetic.cpp \
	src/pg/types/array_casts.cpp \
	src/pg/types/bit.cpp \
	src/pg/types/c_api.cpp \
	src/pg/types/casts.cpp \
	src/pg/types/compare.cpp \
	src/pg/types/dense_io.cpp \
	src/pg/types/distance.cpp \
	src/pg/types/results.cpp \
	src/pg/types/sparse_io.cpp \
	src/pg/types/typmod.cpp \
	src/pg/unpinned_page.cpp \
	src/pg/wal.cpp

# Flags of the files that are compiled for one instruction set only.
ISA_FLAGS_x86_amx_panels = -mamx-tile -mamx-int8
ISA_FLAGS_x86_avx2 = -mavx2 -mfma -mf16c -mpopcnt
ISA_FLAGS_x86_avx2_bits = -mavx2
ISA_FLAGS_x86_avx2_codes = -mavx2 -mfma
ISA_FLAGS_x86_avx2_panels = -mavx2 -mfma
ISA_FLAGS_x86_avx2_selection = -mavx2 -mpopcnt
ISA_FLAGS_x86_avx512 = -mavx512f -mavx512bw -mavx512vl -mavx512dq -mfma -mf16c -mpopcnt
ISA_FLAGS_x86_avx512_bits = -mavx512f -mavx512bw
ISA_FLAGS_x86_avx512_codes = -mavx512f -mavx512bw -mavx512vl -mavx512dq -mfma
ISA_FLAGS_x86_avx512_panels = -mavx512f -mavx512bw -mavx512vl -mavx512dq -mfma
ISA_FLAGS_x86_avx512_popcnt = -mavx512f -mavx512bw -mavx512vpopcntdq
ISA_FLAGS_x86_avx512_selection = -mavx512f -mavx512bw -mavx512vl -mavx512dq -mpopcnt
ISA_FLAGS_x86_avx512_sparse = -mavx512f -mavx512dq
ISA_FLAGS_x86_avx512_vnni = -mavx512f -mavx512bw -mavx512vl -mavx512vnni
ISA_FLAGS_x86_avx512_vnni_panels = -mavx512f -mavx512bw -mavx512vl -mavx512vnni
