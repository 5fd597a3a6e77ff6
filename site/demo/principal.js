// The leading principal directions of the training images, with 8 bits a number: for pictures.

import { get, gunzip, loadManifest } from "./engine.js";

const PIXELS = 784;

/** PCA of the digits, and the linear map that removes noise along the same directions. */
export class Principal {
  /** `bytes`: the mean image, the mean noisy image, then the directions, as signed numbers. */
  constructor({ scale, gain, explained, psnr }, bytes) {
    Object.assign(this, { explained, psnr, gain, count: scale.length });
    this.mean = Float32Array.from(bytes.subarray(0, PIXELS), (value) => value / 255);
    this.meanNoisy = Float32Array.from(bytes.subarray(PIXELS, 2 * PIXELS), (value) => value / 255);
    this.directions = scale.map((factor, i) =>
      Float32Array.from(
        bytes.subarray((i + 2) * PIXELS, (i + 3) * PIXELS),
        (value) => ((value << 24) >> 24) * factor, // the shifts bring back the sign
      ),
    );
  }

  /** The code of an image: how far it lies from the mean in each direction. */
  encode(image, mean = this.mean) {
    return this.directions.map((direction) => {
      let sum = 0;
      for (let i = 0; i < PIXELS; i++) sum += direction[i] * (image[i] - mean[i]);
      return sum;
    });
  }

  /** The image that the first k numbers of a code describe. */
  decode(code, k = this.count) {
    const image = Float32Array.from(this.mean);
    for (let n = 0; n < k; n++) {
      const direction = this.directions[n];
      for (let i = 0; i < PIXELS; i++) image[i] += code[n] * direction[i];
    }
    return image;
  }

  /** The least-squares answer to a noisy image: each direction by a factor of its own. */
  denoise(noisy) {
    return this.decode(this.encode(noisy, this.meanNoisy).map((value, n) => value * this.gain[n]));
  }
}

export async function loadPrincipal(base) {
  const [{ principal }, bytes] = await Promise.all([
    loadManifest(base),
    get(new URL("data/principal.bin", base)).then(gunzip),
  ]);
  return new Principal(principal, bytes);
}
