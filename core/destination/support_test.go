package destination_test

// key stands for what a URL may hold that nobody else may see.
const key = "the-key-in-the-url"
