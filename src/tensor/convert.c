/* Single elements of any dtype as double or int64. */
#include "tensor/internal.h"

#define SAME_NUMBER(format, dtype) _Static_assert((int)(format) == (int)(dtype), "formats are numbered as dtypes")
SAME_NUMBER(PRUNI_F32, PRUNE_FLOAT32);
SAME_NUMBER(PRUNI_F64, PRUNE_FLOAT64);
SAME_NUMBER(PRUNI_F16, PRUNE_FLOAT16);
SAME_NUMBER(PRUNI_BF16, PRUNE_BFLOAT16);
SAME_NUMBER(PRUNI_I64, PRUNE_INT64);
SAME_NUMBER(PRUNI_I32, PRUNE_INT32);
SAME_NUMBER(PRUNI_U8, PRUNE_UINT8);
SAME_NUMBER(PRUNI_BOOL, PRUNE_BOOL);

double pruni_load_double(prune_dtype dtype, const void *element)
{
    double value;
    pruni_kernel_convert(PRUNI_F64, &value, 1, (pruni_format)dtype, element, 1, 1);
    return value;
}

int64_t pruni_load_int64(prune_dtype dtype, const void *element)
{
    int64_t value;
    pruni_kernel_convert(PRUNI_I64, &value, 1, (pruni_format)dtype, element, 1, 1);
    return value;
}

void pruni_store_double(prune_dtype dtype, void *element, double value)
{
    pruni_kernel_convert((pruni_format)dtype, element, 1, PRUNI_F64, &value, 1, 1);
}
