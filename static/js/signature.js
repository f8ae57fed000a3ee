// A signature drawn with a finger or a pen: its lines, in ink on nothing, as a PNG in a field.
// Without this script a picture of the signature can be sent instead.
const INK = "#1b2233";
const WIDTH = 2.2;

function begin(pad) {
  const canvas = pad.querySelector("canvas");
  const field = pad.querySelector("input[type=hidden]");
  const clear = pad.querySelector("[data-clear-signature]");
  const pen = canvas.getContext("2d");
  let last;

  function fit() {
    const { width, height } = canvas.getBoundingClientRect();
    const scale = Math.max(1, window.devicePixelRatio);
    canvas.width = width * scale;
    canvas.height = height * scale;
    pen.scale(scale, scale);
    Object.assign(pen, { lineWidth: WIDTH, lineCap: "round", lineJoin: "round", strokeStyle: INK, fillStyle: INK });
    if (!field.value) return;
    const drawn = new Image(); // what was sent and came back with the form
    drawn.addEventListener("load", () => pen.drawImage(drawn, 0, 0, width, height));
    drawn.src = field.value;
  }

  const point = ({ offsetX, offsetY }) => ({ x: offsetX, y: offsetY });

  canvas.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    canvas.setPointerCapture(event.pointerId);
    last = point(event);
    pen.beginPath();
    pen.arc(last.x, last.y, WIDTH / 2, 0, 2 * Math.PI);
    pen.fill();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!last) return;
    pen.beginPath();
    pen.moveTo(last.x, last.y);
    for (const step of event.getCoalescedEvents?.() ?? [event]) pen.lineTo(step.offsetX, step.offsetY);
    last = point(event);
    pen.lineTo(last.x, last.y);
    pen.stroke();
  });
  const lift = () => {
    if (!last) return;
    last = undefined;
    field.value = canvas.toDataURL("image/png");
  };
  canvas.addEventListener("pointerup", lift);
  canvas.addEventListener("pointercancel", lift);
  clear.addEventListener("click", () => {
    field.value = "";
    pen.clearRect(0, 0, canvas.width, canvas.height);
  });
  pad.hidden = false;
  fit();
}

document.querySelectorAll("[data-signature]").forEach(begin);
