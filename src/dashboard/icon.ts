/** The icon, served as `/assets/icon.svg`: a semaphore arm at "clear". */
export const icon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">
<rect width="32" height="32" rx="6" fill="#1f4033"/>
<path d="M11 5h3v22h-3z" fill="#f4efe0"/>
<path d="m13 8 15-5 1.6 4.7-15 5z" fill="#d8432f"/>
<path d="m23.6 4.5 2-.7 1.6 4.7-2 .7z" fill="#f4efe0"/>
<circle cx="9" cy="10" r="3.5" fill="#6fcf8e"/>
</svg>
`;
