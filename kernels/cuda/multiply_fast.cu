// The fast product, by cuBLASLt. The library is opened at run time: it is 500 MB, and a machine
// that only uses the exact product does not need it.

#include "kernels/cuda/hardware.cuh"

#if __has_include(<cublasLt.h>)
#include <cublasLt.h>
#include <dlfcn.h>
#include <map>
#include <memory>
#include <mutex>
#include <tuple>

namespace tramontane::kernels::cuda {
namespace {

void check(cublasStatus_t status, const char* what) {
  if (status != CUBLAS_STATUS_SUCCESS)
    throw DeviceError("cuBLASLt: " + std::string(what) + " failed with status " +
                      std::to_string(static_cast<int>(status)));
}

struct Api {
  decltype(&cublasLtCreate) create;
  decltype(&cublasLtMatmul) matmul;
  decltype(&cublasLtMatmulDescCreate) desc_create;
  decltype(&cublasLtMatmulDescSetAttribute) desc_set;
  decltype(&cublasLtMatrixLayoutCreate) layout_create;
  decltype(&cublasLtMatmulPreferenceCreate) preference_create;
  decltype(&cublasLtMatmulPreferenceSetAttribute) preference_set;
  decltype(&cublasLtMatmulAlgoGetHeuristic) heuristic;
  cublasLtHandle_t handle = nullptr;
};

template <class F>
void find(void* library, const char* name, F& function) {
  function = reinterpret_cast<F>(dlsym(library, name));
  if (function == nullptr) throw DeviceError(std::string("cuBLASLt lacks ") + name);
}

Api open_api() {
  void* library = dlopen("libcublasLt.so.13", RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) throw DeviceError(std::string("libcublasLt.so.13: ") + dlerror());
  Api api;
  find(library, "cublasLtCreate", api.create);
  find(library, "cublasLtMatmul", api.matmul);
  find(library, "cublasLtMatmulDescCreate", api.desc_create);
  find(library, "cublasLtMatmulDescSetAttribute", api.desc_set);
  find(library, "cublasLtMatrixLayoutCreate", api.layout_create);
  find(library, "cublasLtMatmulPreferenceCreate", api.preference_create);
  find(library, "cublasLtMatmulPreferenceSetAttribute", api.preference_set);
  find(library, "cublasLtMatmulAlgoGetHeuristic", api.heuristic);
  check(api.create(&api.handle), "create");
  return api;
}

// One shape's product, ready to run. Descriptors live as long as the process.
struct Plan {
  cublasLtMatmulDesc_t desc = nullptr;
  cublasLtMatrixLayout_t w = nullptr, x = nullptr, y = nullptr;
  cublasLtMatmulAlgo_t algorithm = {};
  std::size_t workspace = 0;
};

using Key = std::tuple<std::int64_t, std::int64_t, std::int64_t, std::int64_t, std::int64_t, int>;

// Row-major y = x·W^T is column-major y^T = W·x^T, with W stored transposed.
Plan make_plan(const Api& api, const Multiply& m) {
  Plan plan;
  const cudaDataType_t output = m.y_float ? CUDA_R_32F : CUDA_R_16BF;
  check(api.desc_create(&plan.desc, CUBLAS_COMPUTE_32F, CUDA_R_32F), "descriptor");
  const cublasOperation_t transposed = CUBLAS_OP_T;
  check(api.desc_set(plan.desc, CUBLASLT_MATMUL_DESC_TRANSA, &transposed, sizeof transposed),
      "transposition");
  if (m.bias) {
    const cublasLtEpilogue_t bias = CUBLASLT_EPILOGUE_BIAS;
    check(api.desc_set(plan.desc, CUBLASLT_MATMUL_DESC_EPILOGUE, &bias, sizeof bias), "epilogue");
    const cudaDataType_t type = CUDA_R_16BF;
    check(api.desc_set(plan.desc, CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE, &type, sizeof type), "bias");
  }
  const auto size = [](std::int64_t n) { return static_cast<std::uint64_t>(n); };
  check(api.layout_create(&plan.w, CUDA_R_16BF, size(m.depth), size(m.columns), m.depth), "layout");
  check(api.layout_create(&plan.x, CUDA_R_16BF, size(m.depth), size(m.rows), m.x_stride), "layout");
  check(api.layout_create(&plan.y, output, size(m.columns), size(m.rows), m.y_stride), "layout");
  cublasLtMatmulPreference_t preference = nullptr;
  check(api.preference_create(&preference), "preference");
  const std::size_t room = m.scratch.bytes;
  check(
      api.preference_set(preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &room, sizeof room),
      "workspace");
  const std::uint32_t alignment = 16;
  for (const auto attribute :
      {CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES,
          CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES})
    check(api.preference_set(preference, attribute, &alignment, sizeof alignment), "alignment");
  cublasLtMatmulHeuristicResult_t found = {};
  int count = 0;
  check(api.heuristic(
            api.handle, plan.desc, plan.w, plan.x, plan.y, plan.y, preference, 1, &found, &count),
      "heuristic");
  if (count == 0) throw DeviceError("cuBLASLt knows no algorithm for this product");
  plan.algorithm = found.algo;
  plan.workspace = found.workspaceSize;
  return plan;
}

// The plans of this process. Several threads may multiply at once.
struct Plans {
  std::mutex mutex;
  std::unique_ptr<Api> api;
  std::map<Key, Plan> by_shape;
};

Plans& plans() {
  static Plans all;
  return all;
}

}  // namespace

void multiply_fast(const Multiply& m, Stream stream) {
  if (m.rows == 0) return;
  if (m.norm != nullptr || m.gated) throw DeviceError("multiply_fast: a plain product alone");
  Plans& all = plans();
  const std::lock_guard lock(all.mutex);
  if (!all.api) all.api = std::make_unique<Api>(open_api());
  const Key key = {
      m.rows, m.columns, m.depth, m.x_stride, m.y_stride, (m.bias ? 1 : 0) + (m.y_float ? 2 : 0)};
  auto at = all.by_shape.find(key);
  if (at == all.by_shape.end()) at = all.by_shape.emplace(key, make_plan(*all.api, m)).first;
  const Plan& plan = at->second;
  if (m.bias)
    check(all.api->desc_set(plan.desc, CUBLASLT_MATMUL_DESC_BIAS_POINTER, &m.bias, sizeof m.bias),
        "bias");
  const float one = 1;
  const float rest = m.accumulate ? 1.0F : 0.0F;
  void* y = m.y_float ? static_cast<void*>(m.y_float) : static_cast<void*>(m.y);
  check(all.api->matmul(all.api->handle, plan.desc, &one, m.w, plan.w, m.x, plan.x, &rest, y,
            plan.y, y, plan.y, &plan.algorithm, m.scratch.base, plan.workspace, stream),
      "product");
  foreign_stream = stream;
}

}  // namespace tramontane::kernels::cuda
#else
namespace tramontane::kernels::cuda {

void multiply_fast(const Multiply&, Stream) {
  throw DeviceError("multiply_fast: built without cublasLt.h");
}

}  // namespace tramontane::kernels::cuda
#endif
