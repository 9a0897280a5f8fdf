// Sampling and log-probabilities. Bodies: rows/output.h, rows/sample.h.

#include "kernels/cuda/hardware.cuh"
#include "kernels/cuda/rows/sample.h"

namespace tramontane::kernels::cuda {
namespace {

constexpr std::size_t scan_shared = sizeof(OutputShared);

__global__ void __launch_bounds__(output_threads) top_kernel(const Logits l) {
  begin();
  HardwareBlock block;
  top_of_part(block, l);
}

__global__ void __launch_bounds__(output_threads) mass_kernel(const Logits l) {
  begin();
  HardwareBlock block;
  mass_of_part(block, l);
}

__global__ void __launch_bounds__(output_threads) sample_tops_kernel(const Sample s) {
  begin();
  HardwareBlock block;
  sample_tops(block, s);
}

__global__ void __launch_bounds__(output_threads) sample_masses_kernel(const Sample s) {
  begin();
  HardwareBlock block;
  sample_masses(block, s);
}

__global__ void __launch_bounds__(output_threads) sample_cut_kernel(const Sample s) {
  begin();
  HardwareBlock block;
  sample_cut(block, s);
}

__global__ void __launch_bounds__(output_threads) log_prob_kernel(const TokenLogProb t) {
  begin();
  HardwareBlock block;
  log_prob_of_row(block, t);
}

__global__ void __launch_bounds__(output_threads)
    log_prob_backward_kernel(const TokenLogProbBackward t) {
  begin();
  HardwareBlock block;
  log_prob_backward_of_part(block, t);
}

dim3 parts_grid(const Logits& l) {
  if (output_parts(l.vocabulary) > output_parts_max)
    throw DeviceError("a vocabulary of over two million tokens");
  return {static_cast<unsigned>(output_parts(l.vocabulary)), static_cast<unsigned>(l.rows)};
}

void weigh(const Logits& l, Stream stream) {
  launch("logits (top)", top_kernel, parts_grid(l), output_threads, scan_shared, stream, l);
  launch("logits (mass)", mass_kernel, parts_grid(l), output_threads, scan_shared, stream, l);
}

}  // namespace

void sample(const Sample& s, Stream stream) {
  const bool cut = s.top_p < 1 && s.logits.temperature != 0;
  const dim3 grid = parts_grid(s.logits);
  constexpr std::size_t bytes = sizeof(SampleShared);
  launch("sample (tops)", sample_tops_kernel, grid, output_threads, scan_shared, stream, s);
  launch("sample (masses)", sample_masses_kernel, grid, output_threads, bytes, stream, s);
  if (cut) launch("sample (cut)", sample_cut_kernel, grid, output_threads, bytes, stream, s);
}

void token_log_prob(const TokenLogProb& t, Stream stream) {
  weigh(t.logits, stream);
  launch("token_log_prob", log_prob_kernel, dim3(static_cast<unsigned>(t.logits.rows)),
      output_threads, scan_shared, stream, t);
}

void token_log_prob_backward(const TokenLogProbBackward& t, Stream stream) {
  launch("token_log_prob_backward", log_prob_backward_kernel, parts_grid(t.logits), output_threads,
      scan_shared, stream, t);
}

}  // namespace tramontane::kernels::cuda
