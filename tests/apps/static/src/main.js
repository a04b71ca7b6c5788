document.getElementById('version').textContent = __VERSION__;
