/*
 * vector/sparsevec.h
 *
 * The type `sparsevec` for extensions written in C or C++.  Include postgres.h and fmgr.h before.
 *
 * Layout, in host byte order, after PG_DETOAST_DATUM:
 *
 *   offset  bytes  field
 *        0      4  vl_len_   varlena header; set it with SET_VARSIZE
 *        4      4  dim       1 to SPARSEVEC_MAX_DIM
 *        8      4  nnz       stored elements, 0 to SPARSEVEC_MAX_NNZ
 *       12      4  unused    always 0
 *       16  4*nnz  indices   from 0, strictly ascending
 *   16+4*nnz 4*nnz values    binary32, finite, none zero: SPARSEVEC_VALUES
 */
#ifndef VECTOR_SPARSEVEC_H
#define VECTOR_SPARSEVEC_H

#define SPARSEVEC_MAX_DIM 1000000000
#define SPARSEVEC_MAX_NNZ 16000

#define SPARSEVEC_SIZE(_nnz) \
	(offsetof(SparseVector, indices) + (sizeof(int32) + sizeof(float)) * (_nnz))
#define SPARSEVEC_VALUES(_vec) ((float *) ((_vec)->indices + (_vec)->nnz))
#define DatumGetSparseVector(_datum) ((SparseVector *) PG_DETOAST_DATUM(_datum))
#define PG_GETARG_SPARSEVEC_P(_n) DatumGetSparseVector(PG_GETARG_DATUM(_n))
#define PG_RETURN_SPARSEVEC_P(_value) PG_RETURN_POINTER(_value)

typedef struct SparseVector
{
	int32		vl_len_;
	int32		dim;
	int32		nnz;
	int32		unused;
	int32		indices[FLEXIBLE_ARRAY_MEMBER];
} SparseVector;

#ifdef __cplusplus
extern "C" {
#endif

/* A sparsevec with room for nnz elements, all bytes zero, in the current memory context. */
extern PGDLLEXPORT SparseVector *InitSparseVector(int dim, int nnz);

#ifdef __cplusplus
}
#endif

#endif
