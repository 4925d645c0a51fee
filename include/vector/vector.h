/*
 * vector/vector.h
 *
 * The type `vector` for extensions written in C or C++: layout, access macros, and the functions
 * that the library exports.  Include postgres.h and fmgr.h before.
 *
 * Layout, in host byte order, after PG_DETOAST_DATUM:
 *
 *   offset  bytes  field
 *        0      4  vl_len_   varlena header; set it with SET_VARSIZE
 *        4      2  dim       1 to VECTOR_MAX_DIM
 *        6      2  unused    always 0
 *        8  4*dim  x         binary32, all finite
 */
#ifndef VECTOR_VECTOR_H
#define VECTOR_VECTOR_H

#define VECTOR_MAX_DIM 16000

#define VECTOR_SIZE(_dim) (offsetof(Vector, x) + sizeof(float) * (_dim))
#define DatumGetVector(_datum) ((Vector *) PG_DETOAST_DATUM(_datum))
#define PG_GETARG_VECTOR_P(_n) DatumGetVector(PG_GETARG_DATUM(_n))
#define PG_RETURN_VECTOR_P(_value) PG_RETURN_POINTER(_value)

typedef struct Vector
{
	int32		vl_len_;
	int16		dim;
	int16		unused;
	float		x[FLEXIBLE_ARRAY_MEMBER];
} Vector;

#ifdef __cplusplus
extern "C" {
#endif

/* A vector of zeros in the current memory context. */
extern PGDLLEXPORT Vector *InitVector(int dim);

/* Sends "msg = [...]" to the client as INFO. */
extern PGDLLEXPORT void PrintVector(char *msg, Vector *vector);

/* Order of two vectors as in ORDER BY: negative, 0 or positive. */
extern PGDLLEXPORT int vector_cmp_internal(Vector *a, Vector *b);

#ifdef __cplusplus
}
#endif

#endif
