// The page of the API: Swagger UI over our own document. It stands alone and shares nothing with app.js.
const place = document.getElementById("api");
document.documentElement.classList.add("dark-mode");

window.SwaggerUIBundle({
  url: place.dataset.document,
  domNode: place,
  presets: [window.SwaggerUIBundle.presets.apis],
  plugins: [() => ({ wrapComponents: { ServersContainer: () => () => null } })], // there is one, and nothing to choose
  layout: "BaseLayout",
  deepLinking: false, // its links stand inside buttons, which no assistive technology can reach
  docExpansion: "none", // hundreds of operations take seconds to draw: by areas, opened by who needs them
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  persistAuthorization: false,
  validatorUrl: null,
});
