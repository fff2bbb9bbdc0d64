import { describe, expect, it } from "vitest";

import { DIGIT_SIDE, drawDigits } from "../../packages/examples/dist/lib/digits.js";

const sizes = { train: 40, validation: 20, test: 20 };

describe("drawn digits", () => {
  it("are the same for the same seed, and others for another", () => {
    expect(drawDigits(1, sizes)).toEqual(drawDigits(1, sizes));
    expect(drawDigits(1, sizes).train.images).not.toEqual(drawDigits(2, sizes).train.images);
  });

  it("do not change in one part when another part has another size", () => {
    expect(drawDigits(1, { ...sizes, train: 10 }).test).toEqual(drawDigits(1, sizes).test);
  });

  it("differ between the parts", () => {
    const { validation, test } = drawDigits(1, sizes);
    expect(validation.images).not.toEqual(test.images);
  });

  it("have dark and bright pixels, and equally many of each figure", () => {
    const { train } = drawDigits(1, sizes);
    expect(train.images.length).toBe(40 * DIGIT_SIDE * DIGIT_SIDE);
    expect([Math.min(...train.images), Math.max(...train.images)]).toEqual([0, 255]);
    expect([...train.labels].filter((label) => label === 3).length).toBe(4);
  });
});
