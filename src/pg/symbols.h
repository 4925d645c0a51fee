// pg/symbols.h
//
// SQL functions that an index recognises its operator class by.

#ifndef VEC_PG_SYMBOLS_H_
#define VEC_PG_SYMBOLS_H_

#include "pg/pg.h"

extern "C" {
Datum vector_l2_squared_distance(FunctionCallInfo fcinfo);
Datum vector_negative_inner_product(FunctionCallInfo fcinfo);
Datum l1_distance(FunctionCallInfo fcinfo);
Datum halfvec_l2_squared_distance(FunctionCallInfo fcinfo);
Datum halfvec_negative_inner_product(FunctionCallInfo fcinfo);
Datum halfvec_l1_distance(FunctionCallInfo fcinfo);
Datum hamming_distance(FunctionCallInfo fcinfo);
Datum jaccard_distance(FunctionCallInfo fcinfo);
Datum sparsevec_l2_squared_distance(FunctionCallInfo fcinfo);
Datum sparsevec_negative_inner_product(FunctionCallInfo fcinfo);
Datum sparsevec_l1_distance(FunctionCallInfo fcinfo);
}

#endif  // VEC_PG_SYMBOLS_H_
