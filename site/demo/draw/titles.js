/** What the models are called in the page. */
export const TITLES = { pca: "PCA", dense: "Dense autoencoder", conv: "Convolutional autoencoder" };
