import assert from 'node:assert/strict';

const LIMIT = 20_000;

/** Waits until a function returns something true, and returns it. */
export async function until(condition, what = condition) {
  const start = Date.now();
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() - start > LIMIT) throw new Error(`Waited in vain for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Waits until a function returns a value that equals another one. */
export async function expect(actual, expected) {
  let value;
  try {
    await until(async () => {
      value = await actual();
      try {
        assert.deepEqual(value, expected);
        return true;
      } catch {
        return false;
      }
    }, '');
  } catch {
    assert.deepEqual(value, expected);
  }
}
