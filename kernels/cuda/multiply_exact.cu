// The exact product: the same bits for a row whatever the number of rows. Two kernels keep one
// order of sums (product.cuh): product_thin.cu up to 16 rows, product_wide.cu beyond.

#include "kernels/cuda/product.cuh"

namespace tramontane::kernels::cuda {

void multiply_exact(const Multiply& m, Stream stream) {
  if (m.rows == 0) return;
  if (m.depth % 8 != 0 || m.x_stride % 8 != 0)
    throw DeviceError("multiply_exact: depth and stride are multiples of 8");
  if (m.gated && (m.bias != nullptr || m.accumulate || m.y == nullptr))
    throw DeviceError("multiply_exact: a gated product is stored as bfloat16, by itself");
  if (m.norm != nullptr && !multiply_normalises(m.rows, m.depth))
    throw DeviceError("multiply_exact: too many rows to normalise on the way");
  if (m.rows > thin_rows) {
    multiply_wide(m, stream);
  } else {
    multiply_thin(m, stream);
  }
}

}  // namespace tramontane::kernels::cuda
