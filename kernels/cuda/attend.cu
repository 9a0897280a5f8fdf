// Attention over the paged cache. Body: rows/attend.h.

#include "kernels/cuda/hardware.cuh"
#include "kernels/cuda/rows/attend.h"

namespace tramontane::kernels::cuda {
namespace {

// Blocks that fill any device several times over: with so many rows, a block takes several parts.
constexpr std::int64_t blocks_wanted = 8192;

template <int D, int G>
__global__ void __launch_bounds__(attend_threads, 3) attend_kernel(const Attend a) {
  begin();
  HardwareBlock block;
  attend_parts_of_row<D, G>(block, a);
}

template <int D, int G>
void launch_parts(const Attend& a, Stream stream) {
  const std::int64_t runs = a.heads / G;
  std::int64_t side_by_side = (blocks_wanted + a.rows * runs - 1) / (a.rows * runs);
  side_by_side = side_by_side < a.parts ? side_by_side : a.parts;
  const dim3 grid(static_cast<unsigned>(side_by_side), static_cast<unsigned>(runs),
      static_cast<unsigned>(a.rows));
  constexpr std::size_t bytes = sizeof(AttendShared<D, G>);
  allow_shared(attend_kernel<D, G>, bytes);
  launch("attend", attend_kernel<D, G>, grid, attend_threads, bytes, stream, a);
}

template <int D>
void launch_dimension(const Attend& a, Stream stream) {
  const std::int64_t group = a.heads / a.cache.kv_heads;
  if (group % 4 == 0) {
    launch_parts<D, 4>(a, stream);
  } else if (group % 2 == 0) {
    launch_parts<D, 2>(a, stream);
  } else {
    launch_parts<D, 1>(a, stream);
  }
}

}  // namespace

void attend(const Attend& a, Stream stream) {
  if (a.rows == 0) return;
  if (a.rows > 65535) throw DeviceError("attend: at most 65535 rows at once");
  switch (a.cache.head_dim) {
    case 16:
      launch_dimension<16>(a, stream);
      break;
    case 32:
      launch_dimension<32>(a, stream);
      break;
    case 64:
      launch_dimension<64>(a, stream);
      break;
    case 128:
      launch_dimension<128>(a, stream);
      break;
    case 256:
      launch_dimension<256>(a, stream);
      break;
    default:
      throw DeviceError("attend: a head is 16, 32, 64, 128 or 256 wide");
  }
}

}  // namespace tramontane::kernels::cuda
