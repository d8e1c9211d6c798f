#include "kernels/fft/plan.h"

#include <algorithm>
#include <list>
#include <mutex>

#include "kernels/fft/roots.h"
#include "kernels/fft/whole.h"

namespace adjoint::fft {
namespace {

struct Factors {
  std::vector<int64_t> radices;  // empty for 1
  bool smooth = true;
};

// Powers of two first and last, where a pass may read and write columns (is_fused, passes.h); the fewest passes.
Factors factors_of(int64_t n, int most_bits) {
  Factors f;
  int bits = 0;
  for (; n % 2 == 0; n /= 2) ++bits;
  for (int left = (bits + most_bits - 1) / most_bits; left > 0; --left) {
    const int take = (bits + left - 1) / left;
    f.radices.push_back(int64_t(1) << take), bits -= take;
  }
  const size_t at = f.radices.empty() ? 0 : 1;
  for (int64_t p = 3; n > 1 && p <= kMaxRadix; p += 2)
    for (; n % p == 0; n /= p) f.radices.insert(f.radices.begin() + int64_t(at), p);
  f.smooth = n == 1;
  return f;
}

// About the time of a transform of n in one lane.
double cost_of(const Factors& f, int64_t n) {
  double sum = 1;
  for (int64_t r : f.radices)
    sum += r == 2    ? 2
           : r == 3  ? 2.8
           : r == 4  ? 2.6
           : r == 5  ? 3.8
           : r == 7  ? 4.8
           : r == 8  ? 3.4
           : r == 16 ? 4.6
                     : 1.5 + 0.6 * double(r);
  return sum * double(n);
}

template <class T> int bits_of_radix() { return kernels<T>().lanes * int64_t(sizeof(T)) == 64 ? 4 : 3; }

struct Cut {
  int64_t n1 = 0;
  double cost = 0;
};
// The best n1 · n2 for a line; n1 is 0 where lanes would be empty for the most part.
template <class T> Cut cut_of(int64_t n) {
  const int64_t w = kernels<T>().lanes;
  Cut best;
  if (n < 64) return best;
  auto full = [&](int64_t m) { return double((m + w - 1) / w * w); };
  for (int64_t a = 2; a * a <= n; ++a) {
    if (n % a || a * 64 < n / a) continue;
    for (int64_t n1 : {a, n / a}) {
      const int64_t n2 = n / n1;
      const Factors f1 = factors_of(n1, bits_of_radix<T>()), f2 = factors_of(n2, bits_of_radix<T>());
      if (!f1.smooth || !f2.smooth) continue;
      const double cost = (cost_of(f1, n1) * full(n2) + cost_of(f2, n2) * full(n1)) + 3 * full(n1) * full(n2);
      if (full(n1) * full(n2) > 2.1 * double(n)) continue;
      if (best.n1 == 0 || cost < best.cost) best = {n1, cost};
    }
  }
  return best;
}

template <class T> T* new_table(Plan<T>& plan, int64_t numbers) {
  plan.tables.emplace_back(std::max<int64_t>(numbers, 1));
  plan.bytes += numbers * int64_t(sizeof(T));
  return plan.tables.back().get();
}

template <class T> Stages<T> make_stages(Plan<T>& plan, int64_t n) {
  auto& passes = plan.passes.emplace_back();
  const Roots roots(n);
  int64_t s = 1;
  for (int64_t r : factors_of(n, bits_of_radix<T>()).radices) {
    const int64_t m = n / (r * s);
    T* twiddles = new_table(plan, 2 * (m - 1) * (r - 1));
    T* own = new_table(plan, 2 * (r / 2 + 1));
    for (int64_t p = 1; p < m; ++p)
      for (int64_t j = 1; j < r; ++j) roots.put(p * j * s, twiddles + 2 * ((p - 1) * (r - 1) + j - 1));
    for (int64_t j = 0; j <= r / 2; ++j) roots.put(n / r * j % n, own + 2 * j);
    passes.push_back({r, m, s, twiddles, own});
    s *= r;
  }
  return {n, int64_t(passes.size()), passes.data()};
}

// w^(k j) for k = 0, step, 2 step ... < end, in blocks of lanes over j < n2: Line's layout.
template <class T>
const T* line_twiddles(Plan<T>& plan, const Roots& roots, int64_t n2, int64_t end, int64_t step) {
  const int64_t w = kernels<T>().lanes, blocks = (n2 + w - 1) / w, count = (end + step - 1) / step;
  T* twiddles = new_table(plan, blocks * count * 2 * w);
  T pair[2];
  for (int64_t j = 0; j < blocks * w; ++j) {
    T* to = twiddles + (j / w * count * 2) * w + j % w;
    for (int64_t k = 0; k < end; k += step, to += 2 * w) {
      roots.put(j < n2 ? k * j : 0, pair);
      to[0] = pair[0], to[w] = pair[1];
    }
  }
  return twiddles;
}

constexpr int64_t kAllTwiddles = int64_t(1)
                                 << 20;  // longer lines would read more of them than of their elements

template <class T> void make_line(Plan<T>& plan, int64_t n1) {
  const int64_t n = plan.n, n2 = n / n1;
  const Roots roots(n);
  const bool all = n <= kAllTwiddles;
  const T* twiddles = line_twiddles(plan, roots, n2, n1, all ? 1 : kFine);
  const T* fine = all ? nullptr : line_twiddles(plan, roots, n2, kFine, 1);
  plan.line.reset(new Line<T>{n, n1, n2, make_stages(plan, n1), make_stages(plan, n2), twiddles, fine});
}

// Note [Bluestein]: jk = (j² + k² - (k - j)²) / 2 makes a transform of any n a convolution with the chirp
// c[j] = exp(-πi j² / n), by way of transforms of a smooth m >= 2n - 1 (Bluestein, "A linear filtering approach to the
// computation of the discrete Fourier transform", 1970).
template <class T> int64_t padded_size(int64_t n) {
  int64_t best = 0;
  double least = 0;
  for (int64_t odd : {1, 3, 5, 7, 9, 15, 21, 25, 27, 35, 45}) {
    int64_t m = odd * 16;
    while (m < 2 * n - 1) m *= 2;
    const Cut cut = cut_of<T>(m);
    if (cut.n1 && (best == 0 || cut.cost < least)) best = m, least = cut.cost;
  }
  return best;
}

template <class T> void make_chirp(Plan<T>& plan) {
  const int64_t n = plan.n, m = padded_size<T>(n);
  plan.padded = plan_of<T>(m);
  const Roots roots(2 * n);
  T* chirp = new_table(plan, 2 * n);
  Buffer<double> c(2 * m);
  std::fill(c.get(), c.get() + 2 * m, 0.0);
  for (int64_t j = 0, square = 0; j < n; square = (square + 2 * j + 1) % (2 * n), ++j) {
    roots.put(square, chirp + 2 * j);
    double w[2];
    roots.put(square, w);
    for (int64_t at : {j, (m - j) % m}) c.get()[2 * at] = w[0], c.get()[2 * at + 1] = -w[1];
  }
  const auto exact = plan_of<double>(m);
  Buffer<double> space(whole_space(*exact));
  whole(*exact, c.get(), false, 1 / double(m), c.get(), space.get());
  T* filter = new_table(plan, 2 * m);
  for (int64_t j = 0; j < 2 * m; ++j) filter[j] = T(c.get()[j]);
  plan.chirp = chirp, plan.filter = filter;
}

template <class T> std::shared_ptr<const Plan<T>> make_plan(int64_t n) {
  auto plan = std::make_shared<Plan<T>>();
  plan->n = n;
  plan->smooth = factors_of(n, 4).smooth;
  if (!plan->smooth) {
    make_chirp(*plan);
    return plan;
  }
  if (const Cut cut = cut_of<T>(n); cut.n1) make_line(*plan, cut.n1);
  if (!plan->line || n <= kMostLanes) plan->stages = make_stages(*plan, n);
  return plan;
}
template <class T> std::shared_ptr<const Plan<T>> make_real_roots(int64_t n) {
  auto plan = std::make_shared<Plan<T>>();
  T* w = new_table(*plan, 2 * (n / 4 + 1));
  const Roots roots(n);
  for (int64_t k = 0; k <= n / 4; ++k) roots.put(k, w + 2 * k);
  plan->chirp = w;
  return plan;
}

// The plans used last, up to so many bytes; two threads may make the same one.
template <class T> class Cache {
 public:
  template <class Make> std::shared_ptr<const Plan<T>> get(int64_t n, Make make) {
    if (auto found = find(n)) return found;
    auto made = make(n);
    std::lock_guard guard(mutex_);
    plans_.emplace_front(n, made);
    bytes_ += made->bytes;
    while (plans_.size() > 1 && (bytes_ > kBytes || plans_.size() > kCount)) {
      bytes_ -= plans_.back().second->bytes;
      plans_.pop_back();
    }
    return made;
  }

 private:
  static constexpr int64_t kBytes = int64_t(64) << 20;
  static constexpr size_t kCount = 64;
  std::shared_ptr<const Plan<T>> find(int64_t n) {
    std::lock_guard guard(mutex_);
    for (auto at = plans_.begin(); at != plans_.end(); ++at)
      if (at->first == n) {
        plans_.splice(plans_.begin(), plans_, at);
        return at->second;
      }
    return {};
  }
  std::mutex mutex_;
  std::list<std::pair<int64_t, std::shared_ptr<const Plan<T>>>> plans_;
  int64_t bytes_ = 0;
};

}  // namespace

template <class T> std::shared_ptr<const Plan<T>> plan_of(int64_t n) {
  static auto& cache = *new Cache<T>;  // never destroyed: daemon threads may outlive main
  return cache.get(n, make_plan<T>);
}
template <class T> std::shared_ptr<const Plan<T>> real_roots_of(int64_t n) {
  static auto& cache = *new Cache<T>;
  return cache.get(n, make_real_roots<T>);
}
template std::shared_ptr<const Plan<float>> plan_of(int64_t);
template std::shared_ptr<const Plan<double>> plan_of(int64_t);
template std::shared_ptr<const Plan<float>> real_roots_of(int64_t);
template std::shared_ptr<const Plan<double>> real_roots_of(int64_t);

}  // namespace adjoint::fft
