/*
 * vector/halfvec.h
 *
 * The type `halfvec` for extensions written in C or C++.  Include postgres.h and fmgr.h before.
 *
 * Layout, in host byte order, after PG_DETOAST_DATUM:
 *
 *   offset  bytes  field
 *        0      4  vl_len_   varlena header; set it with SET_VARSIZE
 *        4      2  dim       1 to HALFVEC_MAX_DIM
 *        6      2  unused    always 0
 *        8  2*dim  x         bits of IEEE 754 binary16, all finite
 */
#ifndef VECTOR_HALFVEC_H
#define VECTOR_HALFVEC_H

/* The bits of a number; there is no arithmetic on it. */
#define half uint16

#define HALFVEC_MAX_DIM 16000

/* The largest finite value. */
#define HALF_MAX 65504

#define HALFVEC_SIZE(_dim) (offsetof(HalfVector, x) + sizeof(half) * (_dim))
#define DatumGetHalfVector(_datum) ((HalfVector *) PG_DETOAST_DATUM(_datum))
#define PG_GETARG_HALFVEC_P(_n) DatumGetHalfVector(PG_GETARG_DATUM(_n))
#define PG_RETURN_HALFVEC_P(_value) PG_RETURN_POINTER(_value)

typedef struct HalfVector
{
	int32		vl_len_;
	int16		dim;
	int16		unused;
	half		x[FLEXIBLE_ARRAY_MEMBER];
} HalfVector;

#ifdef __cplusplus
extern "C" {
#endif

/* A halfvec of zeros in the current memory context. */
extern PGDLLEXPORT HalfVector *InitHalfVector(int dim);

#ifdef __cplusplus
}
#endif

#endif
