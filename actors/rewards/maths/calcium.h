#pragma once
// Calcium's headers for C++. Their inline functions assign malloc()'s void* to typed pointers, as C
// allows; here those calls return what converts to any pointer.

#include <cstddef>
#include <flint/flint.h>

namespace tramontane::maths {

struct AnyPointer {
  void* pointer;

  template <class T>
  operator T*() const {  // NOLINT(google-explicit-constructor): as C converts void*
    return static_cast<T*>(pointer);
  }
};

inline AnyPointer allocate(std::size_t size) {
  return {flint_malloc(size)};
}

inline AnyPointer allocate_again(void* block, std::size_t size) {
  return {flint_realloc(block, size)};
}

}  // namespace tramontane::maths

// Declared before the macros, so that only Calcium's own headers see those.
#include <acb_poly.h>
#include <antic/nf_elem.h>
#include <flint/fmpz_mpoly.h>

#define flint_malloc(size) ::tramontane::maths::allocate(size)
#define flint_realloc(block, size) ::tramontane::maths::allocate_again(block, size)
#include <calcium/ca.h>
#include <calcium/fmpz_mpoly_q.h>
#undef flint_malloc
#undef flint_realloc
