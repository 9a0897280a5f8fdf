#include "kernels/cpu/table.h"

#include "kernels/cpu/kernels.h"

namespace tramontane::kernels::TRAM_KERNEL_ISA {

extern const Table table = {
    .multiply = multiply,
    .multiply_bfloat16 = multiply_bfloat16,
    .multiply_weight_gradient = multiply_weight_gradient,
    .sum_rows = sum_rows,
    .rms_norm = rms_norm,
    .rms_norm_backward = rms_norm_backward,
    .add = add,
    .rope = rope,
    .swiglu = swiglu,
    .swiglu_backward = swiglu_backward,
    .route = route,
    .route_backward = route_backward,
    .combine = combine,
    .combine_backward = combine_backward,
    .attend = attend,
    .attend_backward = attend_backward,
    .sample = sample,
    .token_log_prob = token_log_prob,
    .token_log_prob_backward = token_log_prob_backward,
    .norm = norm,
    .adamw = adamw,
};

}  // namespace tramontane::kernels::TRAM_KERNEL_ISA
