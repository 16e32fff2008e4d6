// A queue in one circular block that holds nothing until its first element, grows by doubling and
// keeps its block. For the many queues that are nearly always empty (std::deque takes half a
// kilobyte for each of those). One thread.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>

#include "core/base/check.h"

namespace basalt {

template <class T>
class RingDeque {
 public:
  bool empty() const { return size_ == 0; }
  size_t size() const { return size_; }
  T& operator[](size_t i) { return items_[(head_ + i) & (capacity_ - 1)]; }
  const T& operator[](size_t i) const { return items_[(head_ + i) & (capacity_ - 1)]; }
  T& front() { return (*this)[0]; }
  T& back() { return (*this)[size_ - 1]; }
  const T& front() const { return (*this)[0]; }
  const T& back() const { return (*this)[size_ - 1]; }

  void push_back(T value) {
    if (size_ == capacity_) Grow();
    items_[(head_ + size_) & (capacity_ - 1)] = std::move(value);
    ++size_;
  }
  // Appends a T{} and returns it.
  T& emplace_back() {
    if (size_ == capacity_) Grow();
    return items_[(head_ + size_++) & (capacity_ - 1)];
  }
  void pop_front() {
    BASALT_DCHECK(size_ > 0);
    front() = T{};  // lets go of what the element owned
    head_ = (head_ + 1) & (capacity_ - 1);
    --size_;
  }
  void pop_back() {
    BASALT_DCHECK(size_ > 0);
    back() = T{};
    --size_;
  }
  // Empties the queue and gives its block back.
  void reset() {
    items_.reset();
    head_ = size_ = capacity_ = 0;
  }

 private:
  void Grow() {
    size_t capacity = capacity_ == 0 ? 4 : capacity_ * 2;
    auto items = std::make_unique<T[]>(capacity);
    for (size_t i = 0; i < size_; ++i) items[i] = std::move((*this)[i]);
    items_ = std::move(items);
    capacity_ = capacity;
    head_ = 0;
  }

  std::unique_ptr<T[]> items_;  // those that are not in use are T{}
  size_t head_ = 0;
  size_t size_ = 0;
  size_t capacity_ = 0;  // a power of two, or 0
};

}  // namespace basalt
