#pragma once

// One core's fp32 peak, measured: a loop of multiply-adds that touches registers only.

namespace tramontane::kernels {

// Multiply-adds of 12 chains, `turns` times; returns the operations made (2 per lane and chain).
using PeakLoop = double (*)(long turns);

namespace portable {
extern const PeakLoop peak_loop;
}

namespace avx2 {
extern const PeakLoop peak_loop;
}

namespace avx512 {
extern const PeakLoop peak_loop;
}

}  // namespace tramontane::kernels
