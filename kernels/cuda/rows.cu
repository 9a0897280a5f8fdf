// The row kernels: embedding, norm, SwiGLU, rotary embedding, mixture of experts. Their bodies are
// in rows/.

#include "kernels/cuda/hardware.cuh"
#include "kernels/cuda/rows/experts.h"
#include "kernels/cuda/rows/norm.h"
#include "kernels/cuda/rows/rotary.h"

namespace tramontane::kernels::cuda {
namespace {

constexpr int wide_threads = 128;

__global__ void embed_kernel(const Embed e) {
  begin();
  HardwareBlock block;
  embed_row(block, e);
}

__global__ void __launch_bounds__(norm_threads) rms_norm_kernel(const RmsNorm n) {
  begin();
  HardwareBlock block;
  rms_norm_row(block, n);
}

__global__ void swiglu_kernel(const Swiglu s) {
  begin();
  HardwareBlock block;
  swiglu_row(block, s);
}

__global__ void __launch_bounds__(rotary_threads) rotate_kernel(const Rotate r) {
  begin();
  HardwareBlock block;
  rotate_heads(block, r);
}

__global__ void route_kernel(const Route r) {
  begin();
  HardwareBlock block;
  route_row(block, r);
}

__global__ void combine_kernel(const Combine c) {
  begin();
  HardwareBlock block;
  combine_row(block, c);
}

dim3 wide_grid(std::int64_t width, std::int64_t rows) {
  return {parts_of(width, wide_threads * 8), static_cast<unsigned>(rows)};
}

}  // namespace

void embed(const Embed& e, Stream stream) {
  launch("embed", embed_kernel, dim3(static_cast<unsigned>(e.rows)), wide_threads, 0, stream, e);
}

void rms_norm(const RmsNorm& n, Stream stream) {
  launch("rms_norm", rms_norm_kernel, dim3(static_cast<unsigned>(n.rows)), norm_threads, 128,
      stream, n);
}

void swiglu(const Swiglu& s, Stream stream) {
  launch("swiglu", swiglu_kernel, wide_grid(s.width, s.rows), wide_threads, 0, stream, s);
}

void rotate(const Rotate& r, Stream stream) {
  const dim3 grid(parts_of(r.heads + 2 * r.cache.kv_heads, rotary_threads / warp_lanes),
      static_cast<unsigned>(r.rows));
  launch("rotate", rotate_kernel, grid, rotary_threads, 0, stream, r);
}

void route(const Route& r, Stream stream) {
  if (r.experts > experts_max) throw DeviceError("route: at most 1024 experts");
  launch("route", route_kernel, dim3(static_cast<unsigned>(r.rows)), route_threads, 0, stream, r);
}

void combine(const Combine& c, Stream stream) {
  launch("combine", combine_kernel, wide_grid(c.width, c.rows), wide_threads, 0, stream, c);
}

}  // namespace tramontane::kernels::cuda
